import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { addon } from './addon.js'

for (const kind of ['SocketIndex', 'SocketMap'] as const)
  describe(kind, () => {
    test('finds what was set, and nothing else', () => {
      const table = new addon[kind]()
      for (const socket of [3, 100, 4]) table.set(socket, socket * 10)
      assert.deepEqual(
        [3, 4, 100, 5, 99, 101, 1_000_000].map((socket) => table.find(socket)),
        [30, 40, 1000, undefined, undefined, undefined, undefined],
      )
    })
    test('finds nothing for the number that is no socket', () => {
      const table = new addon[kind]()
      assert.equal(table.find(-1), undefined)
      table.erase(-1)
    })
    test('a socket whose number comes again is another', () => {
      const table = new addon[kind]()
      table.set(7, 1)
      table.erase(7)
      table.erase(7)
      table.erase(8)
      assert.equal(table.find(7), undefined)
      table.set(7, 2)
      table.set(7, 3)
      assert.equal(table.find(7), 3)
    })
    test('lists all', () => {
      const table = new addon[kind]()
      assert.deepEqual(table.all(), [])
      for (const socket of [9, 3, 5]) table.set(socket, socket)
      table.erase(3)
      assert.deepEqual(
        table.all().sort((a, b) => a - b),
        [5, 9],
      )
    })
  })
