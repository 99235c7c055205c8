/** The whiteboard of examples/: what it serves, and what clients may do to it. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, before, describe, test } from 'node:test'
import WebSocket from 'ws'
import { temporaryFolder } from '../support/temporary-folder.js'
import { startWhiteboard, whiteboardPolicy } from './whiteboard-server.js'

type Heard = Record<string, unknown>
const LINE = { line: 1, colour: 5, width: 2, points: [0, 0, 4000, 3000] }

/** A page, as the server sees one. */
class Page {
  readonly socket: WebSocket
  readonly #heard: Heard[] = []
  readonly #waiting: ((heard: Heard) => void)[] = []

  constructor(url: string) {
    this.socket = new WebSocket(url.replace('http', 'ws'), 'whiteboard')
    this.socket.on('message', (data) => {
      const heard = JSON.parse(String(data))
      const next = this.#waiting.shift()
      if (next) next(heard)
      else this.#heard.push(heard)
    })
  }

  say(words: unknown): void {
    this.socket.send(JSON.stringify(words))
  }

  next(): Promise<Heard> {
    const heard = this.#heard.shift()
    if (heard) return Promise.resolve(heard)
    return new Promise((resolve) => this.#waiting.push(resolve))
  }
}

describe('examples/whiteboard', { timeout: 60_000 }, () => {
  const { put } = temporaryFolder()
  let whiteboard: Awaited<ReturnType<typeof startWhiteboard>>
  before(async () => {
    whiteboard = await startWhiteboard(put('policy.json', JSON.stringify(whiteboardPolicy())))
  })
  after(async () => {
    // Also with a page that is open.
    await enter()
    assert.equal(await whiteboard.end(), 0)
  })

  /** A page that has heard of the others, and these. */
  async function enter(...others: Page[]): Promise<{ page: Page; you: number; lines: unknown }> {
    const page = new Page(whiteboard.url)
    const { you, lines } = await page.next()
    for (const one of [page, ...others]) {
      const { people } = await one.next()
      assert.ok((people as number[]).includes(you as number))
    }
    return { page, you: you as number, lines }
  }

  async function leave(page: Page, ...others: Page[]): Promise<void> {
    page.socket.terminate()
    for (const other of others) assert.ok((await other.next()).people)
  }

  test('serves its page, and nothing else', async () => {
    const response = await fetch(whiteboard.url)
    assert.equal(response.headers.get('content-type'), 'text/html; charset=utf-8')
    assert.match(await response.text(), /<title>Whiteboard<\/title>/)
    assert.equal((await fetch(`${whiteboard.url}server.mjs`)).status, 404)
  })

  test('tells everybody what one draws, takes back and wipes, and who comes and goes', async () => {
    const ada = await enter()
    assert.deepEqual(ada.lines, [])
    const bob = await enter(ada.page)
    const more = { ...LINE, points: [4000, 0] }
    for (const said of [LINE, more, { at: [1, 2] }]) {
      ada.page.say(said)
      for (const { page } of [ada, bob])
        assert.deepEqual(await page.next(), { who: ada.you, ...said })
    }
    const cy = await enter(ada.page, bob.page)
    assert.deepEqual(cy.lines, [{ who: ada.you, ...LINE, points: [0, 0, 4000, 3000, 4000, 0] }])
    await leave(cy.page, ada.page, bob.page)
    for (const [{ page, you }, said] of [
      [bob, LINE],
      [ada, { undo: 1 }],
    ] as const) {
      page.say(said)
      await ada.page.next()
      assert.deepEqual(await bob.page.next(), { who: you, ...said })
    }
    const dan = await enter(ada.page, bob.page)
    assert.deepEqual(dan.lines, [{ who: bob.you, ...LINE }])
    dan.page.say({ wipe: true })
    for (const { page } of [ada, bob, dan])
      assert.deepEqual(await page.next(), { who: dan.you, wipe: true })
    assert.deepEqual((await enter(ada.page, bob.page, dan.page)).lines, [])
  })

  for (const said of [
    'rubbish',
    'null',
    '{}',
    JSON.stringify({ ...LINE, points: [1] }),
    JSON.stringify({ ...LINE, points: [-1, 0] }),
    JSON.stringify({ ...LINE, points: [0, 3001] }),
    JSON.stringify({ ...LINE, points: [0, '<b>'] }),
    JSON.stringify({ ...LINE, points: Array(1002).fill(0) }),
    JSON.stringify({ ...LINE, colour: 8 }),
    JSON.stringify({ ...LINE, line: 'x' }),
  ])
    test(`parts with who says ${said.slice(0, 50)}`, async () => {
      const { page } = await enter()
      page.socket.send(said)
      await once(page.socket, 'close')
      assert.deepEqual((await enter()).lines, [])
    })

  test('keeps so many lines, and then the last ones', async () => {
    const { page } = await enter()
    const points = Array(1000).fill(7)
    for (let line = 0; line < 401; line++) {
      page.say({ ...LINE, line, points })
      await page.next()
    }
    const lines = (await enter()).lines as { line: number }[]
    assert.equal(lines.length, 400)
    assert.equal(lines[0]?.line, 1)
  })
})
