'use strict';
// What walk.js and drive.js agree on.

module.exports = {
  ROOM: 7000,
  ALICE_SAYS: 'hello, says node-kakao',
  BOB_SAYS: 'hello yourself, says locospec',
  ALICE_SAYS_AGAIN: 'still here, says node-kakao',
  /** How long one step may take. */
  STEP_MS: 20_000,
  /** How long everything may take. */
  ALL_MS: 150_000,
  /** Every step of the walk, in its order. */
  STEPS: [
    'logged-in', 'rooms', 'send', 'message', 'marked', 'read-mark', 'switch-server',
    'logged-in-again', 'rooms-again', 'send-again', 'history', 'done',
  ],
  /** Every step of the day, in its order. */
  DAY: [
    'day', 'create', 'memo', 'invite', 'leave', 'attachment', 'forward', 'delete', 'metas', 'upload', 'download',
    'block', 'link-create', 'link-join', 'link-manager', 'link-hide', 'link-kick', 'link-hand-over', 'link-delete',
    'good-night',
  ],
};
