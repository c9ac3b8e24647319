-- How the dissector reads: headers, BSON, secure frames. The tables above come from the catalogue.
--
-- Wireshark: Help, About, Folders, Personal Lua Plugins; or `wireshark -X lua_script:loco.lua FILE`.
-- A connection is plain or sealed by its first bytes. What is sealed stays sealed: the frames are shown, not opened.
-- In a capture of `locospec replay --pcapng` the same packets are on ports that are 20000 higher, unsealed.

local PORTS = { 443, 995, 9282, 10009 }
local PLAIN_UP = 20000
local HEADER = 22
-- A body or frame that claims more is no LOCO.
local MOST = 64 * 1024 * 1024

local loco = Proto("loco", "LOCO")
local sealed = Proto("loco_sealed", "LOCO, sealed")

local f = {
  id = ProtoField.uint32("loco.id", "Packet id", base.DEC),
  status = ProtoField.int16("loco.status", "Header status", base.DEC),
  method = ProtoField.string("loco.method", "Method"),
  about = ProtoField.string("loco.about", "About"),
  form = ProtoField.string("loco.form", "Form"),
  body_type = ProtoField.uint8("loco.body_type", "Body type", base.DEC, { [0] = "BSON", [8] = "BSON" }),
  body_len = ProtoField.uint32("loco.body_len", "Body length", base.DEC),
  body_status = ProtoField.int64("loco.body_status", "Status", base.DEC),
  room = ProtoField.int64("loco.room", "Room", base.DEC),
  field = ProtoField.string("loco.field", "Field"),
  document = ProtoField.none("loco.document", "Document"),
  double = ProtoField.double("loco.double", "Double"),
  string = ProtoField.string("loco.string", "String"),
  binary = ProtoField.bytes("loco.binary", "Binary"),
  bool = ProtoField.bool("loco.bool", "Bool"),
  date = ProtoField.int64("loco.date", "Date", base.DEC),
  null = ProtoField.none("loco.null", "Null"),
  int32 = ProtoField.int32("loco.int32", "Int32", base.DEC),
  int64 = ProtoField.int64("loco.int64", "Int64", base.DEC),
}
loco.fields = f
local malformed = ProtoExpert.new("loco.malformed", "Malformed", expert.group.MALFORMED, expert.severity.ERROR)
local refused = ProtoExpert.new("loco.refused", "Refused", expert.group.RESPONSE_CODE, expert.severity.NOTE)
loco.experts = { malformed, refused }

local s = {
  length = ProtoField.uint32("loco_sealed.len", "Length", base.DEC),
  key_type = ProtoField.uint32("loco_sealed.key_type", "Key type", base.DEC),
  cipher_type = ProtoField.uint32("loco_sealed.cipher_type", "Cipher type", base.DEC),
  era = ProtoField.string("loco_sealed.era", "Era"),
  key = ProtoField.bytes("loco_sealed.key", "Wrapped session key"),
  iv = ProtoField.bytes("loco_sealed.iv", "IV"),
  nonce = ProtoField.bytes("loco_sealed.nonce", "Nonce"),
  tag = ProtoField.bytes("loco_sealed.tag", "Tag"),
  cipher = ProtoField.bytes("loco_sealed.ciphertext", "Ciphertext"),
}
sealed.fields = s
local bad_frame = ProtoExpert.new("loco_sealed.malformed", "Malformed", expert.group.MALFORMED, expert.severity.ERROR)
sealed.experts = { bad_frame }

-- Key type and cipher type, to what they stand for: bytes in front of the ciphertext, and behind it.
local ERAS = {
  ["1/1"] = { name = "2012", front = 0, behind = 0 },
  ["12/2"] = { name = "2019", front = 16, behind = 0 },
  ["15/2"] = { name = "2023", front = 16, behind = 0 },
  ["16/3"] = { name = "2025", front = 12, behind = 16 },
}

local function meaning_of(name, meta, number)
  if not meta or not meta.enum then return nil end
  if meta.enum == "status" then return STATUSES[number] end
  local values = ENUMS[meta.enum]
  return values and values[number]
end

-- What a field of a document is, by the catalogue.
local function meta_of(fields, name)
  return fields and fields[name]
end
local function fields_of(meta)
  return meta and meta.type and TYPES[meta.type]
end

local read_document

-- One value at `p`: the item, and the place behind it; nil where the bytes end early.
local function read_value(buf, p, limit, kind, name, tree, meta, named)
  local item, size
  local left = limit - p
  local function need(n) return left >= n end
  if kind == 0x01 then
    if not need(8) then return nil end
    item, size = tree:add_le(f.double, buf(p, 8)), 8
  elseif kind == 0x02 then
    if not need(4) then return nil end
    local n = buf(p, 4):le_uint()
    if n < 1 or not need(4 + n) then return nil end
    item, size = tree:add(f.string, buf(p + 4, n), n > 1 and buf(p + 4, n - 1):string(ENC_UTF_8) or ""), 4 + n
  elseif kind == 0x03 or kind == 0x04 then
    if not need(5) then return nil end
    local n = buf(p, 4):le_uint()
    if n < 5 or not need(n) then return nil end
    item, size = tree:add(f.document, buf(p, n)), n
    item:set_text(name .. (kind == 0x04 and ": array" or ": document"))
    -- Each element of an array is of the type that the catalogue gives the array.
    if not read_document(buf, p, p + n, item, fields_of(meta), kind == 0x04 and meta or nil, named) then return nil end
  elseif kind == 0x05 then
    if not need(5) then return nil end
    local n = buf(p, 4):le_uint()
    if not need(5 + n) then return nil end
    item, size = tree:add(f.binary, buf(p + 5, n)), 5 + n
    item:set_text(string.format("%s: %d bytes", name, n))
  elseif kind == 0x08 then
    if not need(1) then return nil end
    item, size = tree:add(f.bool, buf(p, 1)), 1
  elseif kind == 0x09 then
    if not need(8) then return nil end
    item, size = tree:add_le(f.date, buf(p, 8)), 8
  elseif kind == 0x06 or kind == 0x0a then
    item, size = tree:add(f.null, buf(p, 0)), 0
    item:set_text(name .. ": null")
  elseif kind == 0x10 then
    if not need(4) then return nil end
    item, size = tree:add_le(f.int32, buf(p, 4)), 4
    local number = buf(p, 4):le_int()
    local means = meaning_of(name, meta, number)
    item:set_text(name .. ": " .. number .. (means and " (" .. means .. ")" or ""))
  elseif kind == 0x11 or kind == 0x12 then
    if not need(8) then return nil end
    item, size = tree:add_le(f.int64, buf(p, 8)), 8
    local number = buf(p, 8):le_int64()
    local means = meaning_of(name, meta, number:tonumber())
    item:set_text(name .. ": " .. tostring(number) .. (means and " (" .. means .. ")" or ""))
  else
    return nil
  end
  if kind == 0x01 or kind == 0x02 or kind == 0x08 or kind == 0x09 then item:prepend_text(name .. ": ") end
  if meta and meta.means then item:append_text("  -- " .. meta.means) end
  return item, p + size
end

-- The fields of the document at `p`. `element`: what each of an array's elements is. `named` hears of top-level values.
read_document = function(buf, p, limit, tree, fields, element, named, top)
  if limit - p < 5 then return false end
  local n = buf(p, 4):le_uint()
  if n < 5 or p + n > limit then return false end
  local stop = p + n - 1
  p = p + 4
  while p < stop do
    local kind = buf(p, 1):uint()
    local from = p + 1
    local to = from
    while to < stop and buf(to, 1):uint() ~= 0 do to = to + 1 end
    if to >= stop then return false end
    local name = to > from and buf(from, to - from):string() or ""
    local meta = element or meta_of(fields, name)
    local item, after = read_value(buf, to + 1, stop, kind, name, tree, meta, named)
    if not item then return false end
    if top then
      tree:add(f.field, buf(from, to - from), name):set_hidden(true)
      if kind == 0x10 then named[name] = { buf(to + 1, 4):le_int(), buf(to + 1, 4) }
      elseif kind == 0x12 then named[name] = { buf(to + 1, 8):le_int64(), buf(to + 1, 8) } end
    end
    p = after
  end
  return p == stop
end

-- Whether these bytes can be a header; `nil` where there are too few to tell.
local function is_header(buf, p)
  if buf:len() - p < HEADER then return nil end
  local seen_end = false
  for i = p + 6, p + 16 do
    local b = buf(i, 1):uint()
    if b == 0 then
      if i == p + 6 then return false end
      seen_end = true
    elseif seen_end or b < 0x20 or b > 0x7e then return false end
  end
  local kind = buf(p + 17, 1):uint()
  return (kind == 0 or kind == 8) and buf(p + 18, 4):le_uint() <= MOST
end

local function is_server(port)
  for _, known in ipairs(PORTS) do
    if port == known or port == known + PLAIN_UP then return true end
  end
  return false
end

local function read_packet(buf, pinfo, root)
  local len = buf(18, 4):le_uint()
  local method = buf(6, 11):stringz()
  local id = buf(0, 4):le_uint()
  local known = METHODS[method]
  local form = is_server(pinfo.src_port) and (id == 0 and "push" or "reply") or (known and known.receipt and not known.request and "receipt" or "request")
  local tree = root:add(loco, buf(0, HEADER + len), "LOCO, " .. method .. " " .. form .. ", id " .. id)
  tree:add_le(f.id, buf(0, 4))
  tree:add_le(f.status, buf(4, 2))
  tree:add(f.method, buf(6, 11), method)
  tree:add(f.form, buf(6, 0), form):set_generated(true)
  if known then tree:add(f.about, buf(6, 11), known.title):set_generated(true) end
  tree:add(f.body_type, buf(17, 1))
  tree:add_le(f.body_len, buf(18, 4))
  local info = method .. (id ~= 0 and " #" .. id or "") .. " " .. form
  if len > 0 then
    local body = tree:add(buf(HEADER, len), "Body")
    local named = {}
    if not read_document(buf, HEADER, HEADER + len, body, known and known[form], nil, named, true) then
      body:add_proto_expert_info(malformed, "The body is no BSON document of its length")
    end
    if named.status then
      local number = tonumber(tostring(named.status[1]))
      local item = tree:add(f.body_status, named.status[2], Int64.new(number))
      local means = STATUSES[number]
      if means then item:append_text(" (" .. means .. ")") end
      if number ~= 0 then
        info = info .. " status " .. number
        item:add_proto_expert_info(refused, "Status " .. number .. (means and ": " .. means or ""))
      end
    end
    if named.chatId then
      tree:add(f.room, named.chatId[2], named.chatId[1]):set_hidden(true)
      info = info .. " room " .. tostring(named.chatId[1])
    end
  end
  return info
end

-- Calls `one` for each whole unit of a stream; asks TCP for more where the last one is not whole.
local function units(buf, pinfo, root, length_of, one)
  local p, infos = 0, {}
  while p < buf:len() do
    local len = length_of(buf, p)
    if len == nil or p + len > buf:len() then
      pinfo.desegment_offset = p
      pinfo.desegment_len = len and p + len - buf:len() or DESEGMENT_ONE_MORE_SEGMENT
      break
    end
    if len == 0 then return false, p, infos end
    infos[#infos + 1] = one(buf(p, len):tvb(), pinfo, root)
    p = p + len
  end
  return true, p, infos
end

local function finish(pinfo, name, infos)
  pinfo.cols.protocol = name
  if #infos > 0 then
    pinfo.cols.info = table.concat(infos, ", ")
    pinfo.cols.info:fence()
  end
end

function loco.dissector(buf, pinfo, root)
  local fine, p, infos = units(buf, pinfo, root, function(b, at)
    local header = is_header(b, at)
    if header == nil then return nil end
    return header and HEADER + b(at + 18, 4):le_uint() or 0
  end, read_packet)
  finish(pinfo, "LOCO", infos)
  if not fine then
    root:add(loco, buf(p)):add_proto_expert_info(malformed, "These bytes are no LOCO header")
  end
  return buf:len()
end

-- The era of each TCP stream, by its handshake; `false` where it is plain.
local eras = {}
local stream_of = Field.new("tcp.stream")
function sealed.init() eras = {} end

local function read_handshake(buf, pinfo, root)
  local era = ERAS[buf(4, 4):le_uint() .. "/" .. buf(8, 4):le_uint()]
  local tree = root:add(sealed, buf(), "LOCO, handshake of " .. era.name)
  tree:add_le(s.length, buf(0, 4))
  tree:add_le(s.key_type, buf(4, 4))
  tree:add_le(s.cipher_type, buf(8, 4))
  tree:add(s.era, buf(4, 8), era.name):set_generated(true)
  tree:add(s.key, buf(12))
  return "handshake of " .. era.name
end

local function read_frame(era)
  return function(buf, pinfo, root)
    local len = buf:len() - 4
    local inner = len - era.front - era.behind
    local tree = root:add(sealed, buf(), "LOCO, sealed, " .. inner .. " bytes of ciphertext")
    tree:add_le(s.length, buf(0, 4))
    if era.front == 12 then tree:add(s.nonce, buf(4, 12)) elseif era.front == 16 then tree:add(s.iv, buf(4, 16)) end
    if inner > 0 then tree:add(s.cipher, buf(4 + era.front, inner)) end
    if era.behind > 0 then tree:add(s.tag, buf(4 + era.front + inner, era.behind)) end
    return "sealed, " .. inner .. " bytes"
  end
end

local function handshake_len(buf, p)
  if buf:len() - p < 12 then return nil end
  return ERAS[buf(p + 4, 4):le_uint() .. "/" .. buf(p + 8, 4):le_uint()] and 12 + buf(p, 4):le_uint() or 0
end

function sealed.dissector(buf, pinfo, root)
  local stream = stream_of().value
  local era = eras[stream]
  local infos, at = {}, 0
  local up = is_server(pinfo.dst_port)
  -- The first bytes of a client decide: a handshake, or a packet.
  local len = 0
  if up and (era == nil or era.at == pinfo.number) then
    len = handshake_len(buf, 0)
    if len == nil then
      pinfo.desegment_offset, pinfo.desegment_len = 0, DESEGMENT_ONE_MORE_SEGMENT
      return buf:len()
    end
    if len == 0 then
      -- What follows a handshake in its own segment is not plain for that.
      eras[stream] = era or { plain = true }
    else
      if len > buf:len() then
        pinfo.desegment_offset, pinfo.desegment_len = 0, len - buf:len()
        return buf:len()
      end
      local kind = ERAS[buf(4, 4):le_uint() .. "/" .. buf(8, 4):le_uint()]
      eras[stream] = { kind = kind, at = pinfo.number }
      infos[1] = read_handshake(buf(0, len):tvb(), pinfo, root)
      at = len
    end
    era = eras[stream]
  end
  if era == nil then return 0 end
  if era.plain then return loco.dissector(buf, pinfo, root) end
  if at < buf:len() then
    local rest = buf(at):tvb()
    local fine, p, more = units(rest, pinfo, root, function(b, from)
      if b:len() - from < 4 then return nil end
      local len = b(from, 4):le_uint()
      return len >= era.kind.front + era.kind.behind and len > 0 and len <= MOST and 4 + len or 0
    end, read_frame(era.kind))
    for _, info in ipairs(more) do infos[#infos + 1] = info end
    if pinfo.desegment_len ~= 0 then pinfo.desegment_offset = pinfo.desegment_offset + at end
    if not fine then
      root:add(sealed, rest(p)):add_proto_expert_info(bad_frame, "These bytes are no frame of " .. era.kind.name)
    end
  end
  finish(pinfo, "LOCO sealed", infos)
  return buf:len()
end

local tcp = DissectorTable.get("tcp.port")
for _, port in ipairs(PORTS) do
  tcp:add(port, sealed)
  tcp:add(port + PLAIN_UP, loco)
end
tcp:add_for_decode_as(loco)
tcp:add_for_decode_as(sealed)
