'use strict';
// Times node-kakao's codec on given bytes: node node-kakao.js NODE_KAKAO_DIST WRITE_BODY LOGINLIST_BODY
//
// A write is BSON, packet, secure layer, and back through all three, in memory; a list is BSON alone. It says the
// median nanoseconds of each as JSON. Nothing is connected to anything.

const crypto = require('crypto');
const fs = require('fs');
const path = require('path');

const [dist, writeFile, listFile] = process.argv.slice(2);
const { LocoPacketCodec } = require(path.join(dist, 'network/loco-packet-codec'));
const { LocoSecureLayer } = require(path.join(dist, 'network/loco-secure-layer'));
const { BsonDataCodec } = require(path.join(dist, 'packet/bson-data-codec'));
const { createNodeCrypto } = require(path.join(dist, 'crypto/node-crypto-store'));

const SLICES = 9;
const SLICE_NS = 200e6;

/** What is written can be read. */
class Memory {
  constructor() { this.bytes = new Uint8Array(1 << 20); this.from = 0; this.to = 0; }
  get ended() { return false; }
  write(data) { this.bytes.set(data, this.to); this.to += data.byteLength; return Promise.resolve(); }
  read(buffer) {
    const n = Math.min(buffer.byteLength, this.to - this.from);
    buffer.set(this.bytes.subarray(this.from, this.from + n));
    this.from += n;
    if (this.from === this.to) { this.from = 0; this.to = 0; }
    return Promise.resolve(n);
  }
  close() {}
}

async function median(call) {
  for (let i = 0; i < 2000; i += 1) await call();
  const found = [];
  for (let s = 0; s < SLICES; s += 1) {
    const begin = process.hrtime.bigint();
    let calls = 0;
    let ns = 0;
    do {
      for (let i = 0; i < 50; i += 1) await call();
      calls += 50;
      ns = Number(process.hrtime.bigint() - begin);
    } while (ns < SLICE_NS);
    found.push(ns / calls);
  }
  return found.sort((a, b) => a - b)[SLICES >> 1];
}

async function main() {
  const { publicKey } = crypto.generateKeyPairSync('rsa', { modulusLength: 2048 });
  const store = await createNodeCrypto(publicKey);
  const memory = new Memory();
  const out = new LocoPacketCodec(new LocoSecureLayer(memory, store));
  const back = new LocoPacketCodec(new LocoSecureLayer(memory, store));
  await out.stream.sendHandshake();
  out.stream._handshaked = true;
  await memory.read(new Uint8Array(memory.to));

  const body = fs.readFileSync(writeFile);
  const request = BsonDataCodec.decode(body);
  if (Buffer.compare(Buffer.from(BsonDataCodec.encode(request)[1]), body) !== 0) throw new Error('other bytes');
  let id = 0;
  const roundtrip = async () => {
    id += 1;
    await out.write({ header: { id, status: 0, method: 'WRITE' }, data: BsonDataCodec.encode(request) });
    const packet = await back.read();
    if (BsonDataCodec.decode(packet.data[1]).msg.length !== request.msg.length) throw new Error('no packet came through');
  };
  const list = fs.readFileSync(listFile);
  const decode = () => {
    if (BsonDataCodec.decode(list).chatDatas.length !== 200) throw new Error('no list');
  };
  process.stdout.write(JSON.stringify({ write: await median(roundtrip), list: await median(decode) }));
}

main().catch((e) => { process.stderr.write(`${e.stack}\n`); process.exit(1); });
