import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import http from 'node:http'
import path from 'node:path'
import { describe, test } from 'node:test'
import { ServerPeer } from '../peers/peer.js'
import { curl } from '../support/curl.js'
import { temporaryFolder } from '../support/temporary-folder.js'

type Files = typeof import('../../dist/cookies/cookie-file.js')
type Jars = typeof import('../../dist/cookies/cookies.js')

// Names of a domain do not lead to this machine, so this is asked of what the streams ask.
const internals = path.join(path.dirname(require.resolve('lws-secure-streams')), 'cookies')
const { CookieFile } = require(path.join(internals, 'cookie-file.js')) as Files
const { Cookies } = require(path.join(internals, 'cookies.js')) as Jars

describe('a cookie for a domain', () => {
  const file = temporaryFolder().file('jar')
  const open = () =>
    new Cookies(new CookieFile(file), (error) => {
      throw error
    })

  test('is for all hosts of it, one without for its host only', () => {
    const cookies = open()
    cookies.set('https://a.example.com/x', 'all=1; Domain=.Example.com; Path=/')
    cookies.set('https://a.example.com/x', 'host=2; Path=/')
    cookies.set('https://a.example.com/x', 'suffix=3; Domain=com')
    cookies.set('https://a.example.com/x', 'other=4; Domain=b.example.com')
    for (const jar of [cookies, open()]) {
      assert.equal(jar.get('https://a.example.com/'), 'all=1; host=2')
      assert.equal(jar.get('http://example.com/'), 'all=1')
      assert.equal(jar.get('http://b.a.example.com/'), 'all=1')
      assert.equal(jar.get('http://badexample.com/'), '')
    }
  })

  test('is understood by curl, and so are those of curl here', async () => {
    const server = http.createServer((request, response) => {
      response.setHeader('set-cookie', ['c=3; Domain=example.com', 'd=4'])
      response.end(request.headers.cookie)
    })
    await using peer = await ServerPeer.listen(server)
    const curlAsks = async (host: string) => {
      const to = ['--connect-to', `${host}:80:127.0.0.1:${peer.port}`, `http://${host}/`]
      return (await curl('-b', file, '-c', file, ...to)).split('; ').sort()
    }
    const cookies = open()
    assert.deepEqual(await curlAsks('b.example.com'), ['all=1'])
    const sent = (host: string) => cookies.get(`http://${host}/`).split('; ').sort()
    assert.deepEqual(sent('b.example.com'), ['all=1', 'c=3', 'd=4'])
    assert.deepEqual(sent('e.example.com'), ['all=1', 'c=3'])
    assert.deepEqual(await curlAsks('a.example.com'), ['all=1', 'c=3', 'host=2'])
  })

  test('cannot spoil the file', async () => {
    const cookies = open()
    for (const bad of ['x=1; Path=/a\tb', 'x=1\tTRUE', 'x\0=1'])
      cookies.set('http://a.example.com/', bad)
    cookies.set('http://a.example.com/', `bytes=\xff\xfe; Path=/`)
    assert.equal(open().get('http://a.example.com/').includes('bytes=\xff\xfe'), true)
    assert.doesNotMatch(await readFile(file, 'latin1'), /\tx\t/)
    new CookieFile(file).check()
  })
})
