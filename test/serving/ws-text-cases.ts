/** What frames of ws say, right and wrong: close codes, and text (RFC 6455, 7.4 and 8.1). */
import { a, bye, bytes, type Case, fails, fine, later, part, says } from './ws-case.js'
import { BINARY, CLOSE, CONTINUATION, closing, frame, PING, PONG, TEXT } from './ws-peer.js'

// 7.4
export const codes: Case[] = [
  ...[
    1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999,
  ].map((code) =>
    says(`the close code ${code}`, [frame(CLOSE, closing(code, 'why'))], `close:${code}`),
  ),
  ...[0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535].map((code) =>
    fails(1002, `the close code ${code}`, frame(CLOSE, closing(code))),
  ),
  says('CLOSE without a code', [frame(CLOSE), frame(TEXT, 'too late')], 'close:'),
  fails(1002, 'CLOSE with half a code', frame(CLOSE, bytes(3))),
  says('a reason of 123 bytes', [frame(CLOSE, closing(1000, a(123)))], 'close:1000'),
  says('a reason that is not ASCII', [frame(CLOSE, closing(1000, 'grün'))], 'close:1000'),
  fails(1007, 'a reason that is no UTF-8', frame(CLOSE, closing(1000, bytes(0xc3, 0x28)))),
  fails(
    1007,
    'a reason that ends amid a character',
    frame(CLOSE, closing(1000, bytes(0x61, 0xc3))),
  ),
  fails(1007, 'a reason with a surrogate', frame(CLOSE, closing(1000, bytes(0xed, 0xa0, 0x80)))),
  says('a second CLOSE', [bye, frame(CLOSE, closing(3000))], 'close:1000'),
  says('a PING behind CLOSE', [bye, frame(PING, 'p')], 'close:1000'),
  says('an unknown opcode behind CLOSE', [bye, frame(3)], 'close:1000'),
]

const texts = [
  '',
  'a',
  'é',
  '€',
  '\u{10348}',
  '\u{10ffff}',
  '\ud7ff\ue000\uffff',
  '\0',
  'κόσμε',
  'a\u0080b\u07ffc\u0800d',
]
const wrong: [name: string, ...all: number[]][] = [
  ['a continuation byte alone', 0x80],
  ['a start without what follows', 0xc3, 0x28],
  ['two of three bytes', 0xe2, 0x82, 0x28],
  ['three of four bytes', 0xf0, 0x90, 0x8d, 0x28],
  ['a slash in two bytes', 0xc0, 0xaf],
  ['a slash in three bytes', 0xe0, 0x80, 0xaf],
  ['a slash in four bytes', 0xf0, 0x80, 0x80, 0xaf],
  ['NUL in two bytes', 0xc0, 0x80],
  ['0x7f in two bytes', 0xc1, 0xbf],
  ['the first surrogate', 0xed, 0xa0, 0x80],
  ['the last surrogate', 0xed, 0xbf, 0xbf],
  ['beyond the last character', 0xf4, 0x90, 0x80, 0x80],
  ['five bytes', 0xf8, 0x88, 0x80, 0x80, 0x80],
  ['six bytes', 0xfc, 0x84, 0x80, 0x80, 0x80, 0x80],
  ['0xfe', 0xfe],
  ['0xff', 0xff],
]
const cut: [name: string, ...all: number[]][] = [
  ['one of two bytes', 0xc3],
  ['one of three bytes', 0xe2],
  ['two of three bytes', 0xe2, 0x82],
  ['three of four bytes', 0xf0, 0x90, 0x8d],
]
const split = (text: string, ...between: Uint8Array[]) => {
  const all = Buffer.from(text)
  const [first, ...rest] = [...all].map((byte) => bytes(byte))
  return [
    frame(TEXT, first, part),
    ...rest.flatMap((piece) => [...between, frame(CONTINUATION, piece, part)]),
    frame(CONTINUATION),
  ]
}

// 8.1
export const utf8: Case[] = [
  ...texts.map((text) =>
    fine(`the text ${JSON.stringify(text)}`, [frame(TEXT, text)], `text:${text}`),
  ),
  ...texts
    .slice(1)
    .map((text) =>
      fine(`the text ${JSON.stringify(text)} in fragments of a byte`, split(text), `text:${text}`),
    ),
  fine(
    'text in fragments of a byte, with PONGs between them',
    split('κόσμε', frame(PONG, bytes(0xff))),
    'text:κόσμε',
  ),
  ...wrong.flatMap(([name, ...all]) => [
    fails(1007, `text with ${name}`, frame(TEXT, bytes(0x61, ...all, 0x62))),
    fails(
      1007,
      `text with ${name}, in fragments`,
      frame(TEXT, bytes(0x61, ...all.slice(0, 1)), part),
      frame(CONTINUATION, bytes(...all.slice(1), 0x62)),
    ),
    fails(
      1007,
      `text with ${name}, whose end has not come`,
      frame(TEXT, bytes(0x61, ...all, 0x62), part),
    ),
  ]),
  ...cut.flatMap(([name, ...all]) => [
    fails(1007, `text that ends with ${name}`, frame(TEXT, bytes(0x61, ...all))),
    fails(
      1007,
      `text that ends with ${name}, in fragments`,
      frame(TEXT, bytes(...all), part),
      frame(CONTINUATION),
    ),
  ]),
  fine('binary that is no UTF-8', [frame(BINARY, bytes(0xff, 0xc3))], 'binary:\xff\xc3'),
  fine(
    'binary in fragments that is no UTF-8',
    [frame(BINARY, bytes(0xff), part), frame(CONTINUATION, bytes(0xc3))],
    'binary:\xff\xc3',
  ),
  fine(
    'text behind binary that ends amid a character',
    [frame(BINARY, bytes(0xc3)), frame(TEXT, 'a')],
    'binary:\xc3',
    'text:a',
  ),
  later(
    'text that is no UTF-8 behind binary',
    [frame(BINARY, bytes(0xff))],
    frame(TEXT, bytes(0xff)),
    'binary:\xff',
    'close:1007',
  ),
  later(
    'text that is no UTF-8 behind text',
    [frame(TEXT, 'é')],
    frame(TEXT, bytes(0xff)),
    'text:é',
    'close:1007',
  ),
]
