/** The page of the whiteboard of examples/, in a browser. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { PolicyInput } from 'lws-secure-streams'
import type { Browser, Page } from 'playwright-core'
import { CertificateAuthority } from '../peers/index.js'
import { noChromium, startChromium } from '../support/chromium.js'
import { temporaryFolder } from '../support/temporary-folder.js'
import { startWhiteboard, whiteboardPolicy, whiteboardPolicyWithTls } from './whiteboard-server.js'

describe('the page of examples/whiteboard', { timeout: 120_000, skip: noChromium }, () => {
  const { put } = temporaryFolder()
  const complaints: string[] = []
  let whiteboard: Awaited<ReturnType<typeof startWhiteboard>>
  let browser: Browser
  before(async () => {
    browser = await startChromium()
  })
  after(() => browser.close())

  const start = async (policy: PolicyInput) => {
    whiteboard = await startWhiteboard(put('policy.json', JSON.stringify(policy)))
  }

  async function open(width: number, height: number): Promise<Page> {
    const page = await browser.newPage({
      viewport: { width, height },
      ignoreHTTPSErrors: true,
    })
    page.on('pageerror', (error) => complaints.push(String(error)))
    page.on('console', (line) => line.type() === 'error' && complaints.push(line.text()))
    await page.goto(whiteboard.url)
    return page
  }

  /** Settles when there is ink, or none, at a place of the board. */
  const hasInk = (page: Page, [x, y]: number[], wanted = true) =>
    page.waitForFunction(
      `(() => {
        const ink = document.getElementById('ink')
        const pixel = ink.getContext('2d').getImageData(ink.width * ${x}, ink.height * ${y}, 1, 1)
        return (pixel.data[3] > 0) === ${wanted}
      })()`,
    )

  async function draw(page: Page, places: number[][]): Promise<void> {
    const box = await page.locator('#board').boundingBox()
    assert.ok(box)
    for (const [n, [x = 0, y = 0]] of places.entries()) {
      await page.mouse.move(box.x + x * box.width, box.y + y * box.height)
      if (n === 0) await page.mouse.down()
    }
    await page.mouse.up()
  }

  const identity = async () => (await CertificateAuthority.create()).issue()
  for (const [name, protocol, policy] of [
    ['http', 'http/1.1', async () => whiteboardPolicy()],
    ['https', 'http/1.1', async () => whiteboardPolicyWithTls(await identity())],
    ['https', 'h2', async () => whiteboardPolicyWithTls(await identity(), 'h2')],
  ] as const)
    test(`shows on one what is drawn on another, by ${name} and ${protocol}`, async () => {
      await start(await policy())
      assert.ok(whiteboard.url.startsWith(`${name}:`))
      const desktop = await open(1280, 800)
      const phone = await open(390, 844)
      const spoken = "performance.getEntriesByType('navigation')[0].nextHopProtocol"
      assert.equal(await desktop.evaluate(spoken), protocol)
      await Promise.all([desktop, phone].map((page) => page.getByText('2 here').waitFor()))
      await desktop.getByLabel('broad').click()
      await draw(desktop, [
        [0.2, 0.3],
        [0.5, 0.3],
        [0.8, 0.3],
      ])
      await hasInk(phone, [0.5, 0.3])
      await hasInk(phone, [0.5, 0.6], false)
      assert.equal(await phone.locator('.pointer').textContent(), 'Otter')

      await draw(phone, [
        [0.3, 0.6],
        [0.5, 0.6],
        [0.7, 0.6],
      ])
      await hasInk(desktop, [0.5, 0.6])
      const late = await open(800, 600)
      await hasInk(late, [0.5, 0.3])

      await desktop.keyboard.press('Control+z')
      await Promise.all([phone, late].map((page) => hasInk(page, [0.5, 0.3], false)))
      await late.getByRole('button', { name: 'Wipe the whiteboard' }).click()
      await hasInk(desktop, [0.5, 0.6], false)
      await Promise.all([late, phone].map((page) => page.close()))
      await desktop.getByText('only you so far').waitFor()
      await desktop.close()
      await whiteboard.end()
      assert.deepEqual(complaints, [])
    })

  test('connects again to a server that was away', async () => {
    await start(whiteboardPolicy())
    const page = await open(800, 600)
    await page.getByText('only you so far').waitFor()
    const { port } = new URL(whiteboard.url)
    await whiteboard.end()
    await page.getByText('connecting again').waitFor()
    await start(whiteboardPolicy({ port: Number(port) }))
    await page.getByText('only you so far').waitFor()
    await draw(page, [
      [0.2, 0.3],
      [0.8, 0.3],
    ])
    const other = await open(800, 600)
    await hasInk(other, [0.5, 0.3])
    await whiteboard.end()
  })
})
