import assert from 'node:assert/strict'
import path from 'node:path'
import { describe, it } from 'node:test'
import { CertificateAuthority } from '../peers/index.js'
import { temporaryFolder } from '../support/temporary-folder.js'
import { lwsSs, version } from './helpers.js'

describe('lws-ss doctor', () => {
  const { put } = temporaryFolder()

  it('says what the package runs with', () => {
    const { status, stdout, stderr } = lwsSs(['doctor'])
    assert.equal(stderr, '')
    assert.equal(status, 0)
    const rows = new Map(
      stdout
        .trimEnd()
        // A row that is too long goes on below.
        .replaceAll(/\n {10,}/g, ' ')
        .split('\n')
        .map((line) => line.split(/ {2,}/) as [string, string]),
    )
    const node = `${process.versions.node}, ${process.platform}-${process.arch}`
    assert.equal(rows.get('lws-secure-streams'), version)
    assert.ok(rows.get('Node')?.startsWith(node))
    assert.match(rows.get('libwebsockets') ?? '', /^4\.\d+\.\d+/)
    assert.match(rows.get('can') ?? '', /, connect, serve$/)
    assert.equal(rows.has('cannot'), false)
    assert.match(rows.get('built with') ?? '', /\bLWS_ROLE_MQTT\b/)
    assert.doesNotMatch(rows.get('built without') ?? '', /\bLWS_ROLE_MQTT\b/)
    assert.ok(rows.get('TLS')?.includes(process.versions.openssl))
    assert.match(rows.get('trust store') ?? '', /\S/)
    assert.match(rows.get('addon') ?? '', /^\S+\.node \((prebuild|local build|chosen)\)$/)
    for (const line of stdout.split('\n')) assert.ok(line.length <= 80 || line.includes('/'), line)
  })

  it('says the same as an object with --json', () => {
    const { status, stdout } = lwsSs(['doctor', '--json'])
    assert.equal(status, 0)
    const facts = JSON.parse(stdout)
    assert.equal(facts.version, version)
    assert.equal(facts.node.version, process.versions.node)
    assert.equal(facts.node.platform, process.platform)
    assert.equal(facts.node.arch, process.arch)
    assert.match(facts.libwebsockets.version, /^4\.\d+\.\d+/)
    assert.equal(facts.libwebsockets.features.LWS_ROLE_H2, true)
    assert.ok(facts.tls.includes(process.versions.openssl))
    assert.equal(typeof facts.trust.certificates, 'number')
    assert.ok(path.isAbsolute(facts.addon.file))
    assert.equal(facts.host.name, `Node ${process.versions.node}`)
    assert.deepEqual(facts.host.cannot, [])
  })

  it('says what an option of Node takes away, and which option gives it back', () => {
    const flag = process.allowedNodeEnvironmentFlags.has('--permission')
      ? '--permission'
      : '--experimental-permission'
    const env = { NODE_OPTIONS: `${flag} --allow-fs-read=* --no-warnings` }
    const { status, stdout, stderr } = lwsSs(['doctor'], env)
    assert.equal(status, 1)
    assert.match(stdout, /^host +Node \S+, with --permission$/m)
    assert.match(stdout, /^can +check, list, convert and write policies$/m)
    assert.match(stdout, /^cannot +connect or serve: /m)
    assert.match(stderr, /^lws-ss: [^\n]*--allow-addons[^\n]*\n$/)
    const allowed = lwsSs(['doctor'], { NODE_OPTIONS: `${env.NODE_OPTIONS} --allow-addons` })
    assert.equal(allowed.status, 0, allowed.stderr)
  })

  for (const [version, name] of [
    ['bun', 'Bun'],
    ['deno', 'Deno'],
    ['electron', 'Electron'],
  ] as const)
    it(`says what it cannot do under ${name}, and what to do about it`, () => {
      // As that host says who it is.
      const asHost = `Object.defineProperty(process.versions, '${version}', { value: '1.2.3' })`
      const { status, stdout, stderr } = lwsSs(['doctor', '--json'], {
        NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(asHost)}`,
      })
      assert.equal(status, 1)
      const { host } = JSON.parse(stdout)
      assert.equal(host.name, `${name} 1.2.3`)
      assert.deepEqual(host.can, ['check, list, convert and write policies'])
      assert.match(host.cannot[0], new RegExp(`^connect or serve: ${name} 1\\.2\\.3 cannot run`))
      assert.match(stderr, /^lws-ss: [^\n]*with Node [^\n]*\n$/)
    })

  it('counts the certificates of the trust store', async () => {
    const authorities = [await CertificateAuthority.create(), await CertificateAuthority.create()]
    const file = put('ca.pem', authorities.map(({ pem }) => `${pem}\n`).join(''))
    const { stdout } = lwsSs(['doctor'], { SSL_CERT_FILE: file })
    assert.ok(stdout.includes(`${file}, 2 certificates\n`), stdout)
  })

  it('goes on without a trust store, and names what is wrong with it', () => {
    const { status, stdout } = lwsSs(['doctor'], { SSL_CERT_FILE: '/nowhere/ca.pem' })
    assert.equal(status, 0)
    assert.match(stdout, /^trust store +SSL_CERT_FILE names \/nowhere\/ca\.pem, which cannot be/m)
  })

  it('fails with one line that names the file, the platform and the way out without an addon', () => {
    const missing = path.resolve('build', 'missing.node')
    for (const args of [['doctor'], ['doctor', '--json']]) {
      const { status, stdout, stderr } = lwsSs(args, { LWS_SECURE_STREAMS_ADDON: missing })
      assert.equal(status, 1)
      assert.ok(stdout.includes(process.versions.node))
      assert.match(stderr, /^lws-ss: [^\n]+\n$/)
      for (const part of [missing, `${process.platform}-${process.arch}`, 'unset it'])
        assert.ok(stderr.includes(part), stderr)
    }
  })

  it('fails in the same way when the file is no addon', () => {
    const file = put('addon.node', 'this is no shared library')
    const { status, stderr } = lwsSs(['doctor'], { LWS_SECURE_STREAMS_ADDON: file })
    assert.equal(status, 1)
    assert.match(stderr, /^lws-ss: [^\n]*addon\.node[^\n]*\n$/)
  })
})
