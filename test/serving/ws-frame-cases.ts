/** Frames of ws, right and wrong: masks, opcodes, lengths, fragments and control frames (RFC 6455, 5). */
import { a, bytes, type Case, fails, fine, hex, LIMIT, later, part, says } from './ws-case.js'
import { BINARY, CLOSE, CONTINUATION, closing, frame, PING, PONG, TEXT } from './ws-peer.js'

const opcodes: [name: string, opcode: number, before?: Uint8Array][] = [
  ['text', TEXT],
  ['binary', BINARY],
  ['a continuation', CONTINUATION, frame(TEXT, 'a', part)],
  ['CLOSE', CLOSE],
  ['PING', PING],
  ['PONG', PONG],
]

// 5.1, 5.3
export const masking: Case[] = [
  ...opcodes.map(([name, opcode, first]) =>
    fails(
      1002,
      `${name} without a mask`,
      ...(first ? [first] : []),
      frame(opcode, '', { mask: null }),
    ),
  ),
  fails(1002, 'text with a length, without a mask', frame(TEXT, 'abc', { mask: null })),
  fails(
    1002,
    'text without a mask, behind one with it',
    frame(TEXT, 'a', part),
    frame(TEXT, 'b', { mask: null }),
  ),
  ...[
    [0, 0, 0, 0],
    [255, 255, 255, 255],
    [1, 0, 0, 0],
    [0, 0, 0, 1],
    [0x61, 0x62, 0x63, 0x64],
  ].map((mask) => fine(`the mask ${mask}`, [frame(TEXT, 'abcdefg', { mask })], 'text:abcdefg')),
  fine(
    'another mask for each fragment',
    [
      frame(TEXT, 'abc', { fin: false, mask: [1, 2, 3, 4] }),
      frame(CONTINUATION, 'defgh', { fin: false, mask: [0, 0, 0, 0] }),
      frame(CONTINUATION, 'ij', { mask: [9, 8, 7, 6] }),
    ],
    'text:abcdefghij',
  ),
]

// 5.2
export const reserved: Case[] = [
  ...opcodes.flatMap(([name, opcode, first]) =>
    [1, 2, 3, 4, 5, 6, 7].map((rsv) =>
      fails(
        1002,
        `${name} with the reserved bits ${rsv}`,
        ...(first ? [first] : []),
        frame(opcode, '', { rsv }),
      ),
    ),
  ),
  ...[3, 4, 5, 6, 7, 11, 12, 13, 14, 15].flatMap((opcode) => [
    fails(1002, `the opcode ${hex(opcode)}`, frame(opcode)),
    fails(1002, `the opcode ${hex(opcode)} with a payload`, frame(opcode, 'abc')),
    fails(1002, `the opcode ${hex(opcode)}, not final`, frame(opcode, 'abc', part)),
    fails(1002, `the opcode ${hex(opcode)} amid a message`, frame(TEXT, 'a', part), frame(opcode)),
  ]),
]

export const lengths: Case[] = [
  ...[0, 1, 124, 125, 126, 127, 128, 1000, 65_535, 65_536, LIMIT].flatMap((length) => [
    fine(`text of ${length} bytes`, [frame(TEXT, a(length))], `text:${a(length)}`),
    fine(`binary of ${length} bytes`, [frame(BINARY, a(length))], `binary:${a(length)}`),
  ]),
  ...[0, 5, 124, 125].map((length) =>
    fails(1002, `the length ${length} in two bytes`, frame(TEXT, a(length), { lengthBytes: 2 })),
  ),
  ...[0, 5, 125, 126, 1000, 65_535].map((length) =>
    fails(1002, `the length ${length} in eight bytes`, frame(TEXT, a(length), { lengthBytes: 8 })),
  ),
  ...[1n << 63n, (1n << 64n) - 1n, (1n << 63n) + 5n].map((length) =>
    fails(1002, `the length ${length}, of 64 bits`, frame(BINARY, '', { length })),
  ),
  ...[1n << 62n, (1n << 63n) - 1n, 1n << 32n, BigInt(LIMIT + 1)].map((length) =>
    fails(1009, `the length ${length}`, frame(BINARY, '', { length })),
  ),
  fails(
    1009,
    'fragments that are too long together',
    frame(TEXT, a(LIMIT), part),
    frame(CONTINUATION, 'a'),
  ),
  fails(
    1009,
    'a last fragment that says a length that is too much',
    frame(TEXT, a(10), part),
    frame(CONTINUATION, '', { length: BigInt(LIMIT - 9) }),
  ),
  fine(
    'fragments that are just short enough together',
    [frame(TEXT, a(LIMIT - 10), part), frame(PING, a(100)), frame(CONTINUATION, a(10))],
    `pong:${a(100)}`,
    `text:${a(LIMIT)}`,
  ),
  fine(
    'messages that are too long only together',
    [frame(TEXT, a(LIMIT)), frame(TEXT, a(LIMIT))],
    `text:${a(LIMIT)}`,
    `text:${a(LIMIT)}`,
  ),
  fine(
    'a message behind fragments, both just short enough',
    [frame(TEXT, a(10), part), frame(CONTINUATION, a(LIMIT - 10)), frame(BINARY, a(LIMIT))],
    `text:${a(LIMIT)}`,
    `binary:${a(LIMIT)}`,
  ),
]

// 5.4
export const fragments: Case[] = [
  fine('two fragments', [frame(TEXT, 'a', part), frame(CONTINUATION, 'b')], 'text:ab'),
  fine('fragments of binary', [frame(BINARY, 'a', part), frame(CONTINUATION, 'b')], 'binary:ab'),
  fine('an empty first fragment', [frame(TEXT, '', part), frame(CONTINUATION, 'b')], 'text:b'),
  fine('an empty last fragment', [frame(TEXT, 'a', part), frame(CONTINUATION, '')], 'text:a'),
  fine(
    'an empty fragment between',
    [frame(TEXT, 'a', part), frame(CONTINUATION, '', part), frame(CONTINUATION, 'b')],
    'text:ab',
  ),
  fine(
    'nothing but empty fragments',
    [frame(TEXT, '', part), frame(CONTINUATION, '', part), frame(CONTINUATION, '')],
    'text:',
  ),
  fine(
    'a fragment of many bytes',
    [frame(TEXT, a(30_000), part), frame(CONTINUATION, a(35_000))],
    `text:${a(65_000)}`,
  ),
  fine(
    '100 fragments',
    [
      frame(TEXT, '', part),
      ...Array(100).fill(frame(CONTINUATION, 'a', part)),
      frame(CONTINUATION, ''),
    ],
    `text:${a(100)}`,
  ),
  fine(
    'messages one behind the other',
    [frame(TEXT, 'a'), frame(BINARY, 'b'), frame(TEXT, 'c')],
    'text:a',
    'binary:b',
    'text:c',
  ),
  fine(
    'PING between fragments',
    [frame(TEXT, 'a', part), frame(PING, 'p'), frame(CONTINUATION, 'b')],
    'pong:p',
    'text:ab',
  ),
  fine(
    'PONG between fragments',
    [frame(TEXT, 'a', part), frame(PONG, 'p'), frame(CONTINUATION, 'b')],
    'text:ab',
  ),
  fine(
    'empty PONG between fragments',
    [frame(TEXT, 'a', part), frame(PONG), frame(CONTINUATION, 'b')],
    'text:ab',
  ),
  says(
    'CLOSE between fragments',
    [frame(TEXT, 'a', part), frame(CLOSE, closing(3001)), frame(CONTINUATION, 'b')],
    'close:3001',
  ),
  fails(1002, 'a continuation of nothing', frame(CONTINUATION, 'a')),
  fails(1002, 'a continuation of nothing that is not final', frame(CONTINUATION, 'a', part)),
  fails(1002, 'an empty continuation of nothing', frame(CONTINUATION)),
  fails(1002, 'text within text', frame(TEXT, 'a', part), frame(TEXT, 'b')),
  fails(1002, 'text within text, not final', frame(TEXT, 'a', part), frame(TEXT, 'b', part)),
  fails(1002, 'binary within text', frame(TEXT, 'a', part), frame(BINARY, 'b')),
  fails(1002, 'text within binary', frame(BINARY, 'a', part), frame(TEXT, 'b')),
  fails(
    1002,
    'text behind a continuation that is not final',
    frame(TEXT, 'a', part),
    frame(CONTINUATION, 'b', part),
    frame(TEXT, 'c'),
  ),
  fails(
    1002,
    'text behind a PING between fragments',
    frame(TEXT, 'a', part),
    frame(PONG),
    frame(TEXT, 'c'),
  ),
  later(
    'a continuation behind a message',
    [frame(TEXT, 'a')],
    frame(CONTINUATION, 'b'),
    'text:a',
    'close:1002',
  ),
  later(
    'a continuation behind fragments',
    [frame(TEXT, 'a', part), frame(CONTINUATION, 'b')],
    frame(CONTINUATION, 'c'),
    'text:ab',
    'close:1002',
  ),
]

// 5.5
export const control: Case[] = [
  ...[0, 1, 124, 125].map((length) =>
    fine(`PING of ${length} bytes`, [frame(PING, a(length))], `pong:${a(length)}`),
  ),
  ...[0, 1, 125].map((length) =>
    fine(`PONG of ${length} bytes, which nobody asked for`, [frame(PONG, a(length))]),
  ),
  fine('PING of bytes that are no UTF-8', [frame(PING, bytes(0x41))], 'pong:A'),
  ...(
    [
      ['PING', PING],
      ['PONG', PONG],
      ['CLOSE', CLOSE],
    ] as const
  ).flatMap(([name, opcode]) => [
    fails(1002, `${name} of 126 bytes`, frame(opcode, a(126))),
    fails(1002, `${name} of 65,536 bytes`, frame(opcode, a(65_536))),
    fails(1002, `${name} whose length takes two bytes`, frame(opcode, a(5), { lengthBytes: 2 })),
    fails(1002, `${name} whose length takes eight bytes`, frame(opcode, a(5), { lengthBytes: 8 })),
    fails(1002, `${name} in fragments`, frame(opcode, '', part)),
    fails(
      1002,
      `${name} in fragments, amid a message`,
      frame(TEXT, 'a', part),
      frame(opcode, 'p', part),
    ),
  ]),
]
