import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, test } from 'node:test'
import aws4 from 'aws4'
import { type Blobs, openContext } from 'lws-secure-streams'
import { starts } from '../peers/index.js'
import { awsSignature } from '../signing/aws-signers.js'
import { policyOf, streamtype } from '../support/policies.js'
import { effectOf } from './effect-of.js'
import { AWS, EMPTY_HASH, signed } from './signed.js'
import { compared } from './transactions.js'

const ODD_URLS = ['', '?b=2&a=1&a-b&empty=', 'a%20b/c~d?q=%e4%b8%ad,%2F:x&Z=%7E', '?a=b=c']

for (const protocol of ['h1', 'h2'] as const)
  describe(`what ${protocol} requests say of who makes them`, { timeout: 30_000 }, () => {
    const token: Blobs = { auth: ['first', 'second'] }

    effectOf('s.http_auth_header', 'the first auth blob is sent in it', async () => {
      const [plain, keyed] = await compared(
        protocol,
        { http_auth_header: 'x-auth:' },
        { blobs: token },
      )
      assert.equal(plain.headers['x-auth'], undefined)
      assert.equal(keyed.headers['x-auth'], 'first')
    })

    effectOf('s.http_auth_preamble', 'stands before the token', async () => {
      const [plain, keyed] = await compared(
        protocol,
        { http_auth_preamble: 'bearer ' },
        { both: { http_auth_header: 'authorization:' }, blobs: token },
      )
      assert.equal(plain.headers.authorization, 'first')
      assert.equal(keyed.headers.authorization, 'bearer first')
    })

    effectOf('s.auth_hexify', 'the token is sent in hexadecimal', async () => {
      const [plain, keyed] = await compared(
        protocol,
        { auth_hexify: true },
        { both: { http_auth_header: 'x-auth:', http_auth_preamble: 'hex ' }, blobs: token },
      )
      assert.equal(plain.headers['x-auth'], 'hex first')
      assert.equal(keyed.headers['x-auth'], `hex ${Buffer.from('first').toString('hex')}`)
    })

    const devices = [
      ['s.http_dsn_header', 'http_dsn_header', 'deviceSerial'],
      ['s.http_fwv_header', 'http_fwv_header', 'deviceFirmwareVersion'],
      ['s.http_devtype_header', 'http_devtype_header', 'deviceType'],
    ] as const
    const sendsBlob = async (
      key: (typeof devices)[number][1],
      blob: (typeof devices)[number][2],
    ) => {
      const blobs = { [blob]: `the ${blob}` }
      const [plain, keyed] = await compared(protocol, { [key]: 'x-device:' }, { blobs })
      assert.equal(plain.headers['x-device'], undefined)
      assert.equal(keyed.headers['x-device'], `the ${blob}`)
    }
    effectOf('s.http_dsn_header', 'the serial number is sent in it', () =>
      sendsBlob('http_dsn_header', 'deviceSerial'),
    )
    effectOf('s.http_fwv_header', 'the firmware version is sent in it', () =>
      sendsBlob('http_fwv_header', 'deviceFirmwareVersion'),
    )
    effectOf('s.http_devtype_header', 'the type of the device is sent in it', () =>
      sendsBlob('http_devtype_header', 'deviceType'),
    )

    test('a header whose blob is empty is not sent', async () => {
      const key = { http_auth_header: 'authorization:', http_auth_preamble: 'bearer ' }
      const [, keyed] = await compared(protocol, { ...key, http_dsn_header: 'x-dsn:' })
      assert.equal(keyed.headers.authorization, undefined)
      assert.equal(keyed.headers['x-dsn'], undefined)
    })

    test('any bytes can be sent in hexadecimal, and none that would end the header without', async () => {
      const auth = Buffer.from(Array.from({ length: 256 }, (_, n) => n))
      const both = { http_auth_header: 'x-auth:' }
      await using peer = await starts[protocol]()
      const plain = streamtype(protocol, peer, both)
      const hex = streamtype(protocol, peer, { ...both, auth_hexify: true })
      const policy = policyOf({ plain, hex })
      await using context = await openContext({ policy, blobs: { auth: [auth] } })
      await context.request('hex')
      assert.equal(peer.requests[0]?.headers['x-auth'], auth.toString('hex'))
      for (const byte of ['\r', '\n', '\0', '\x7f']) {
        context.setBlob('auth', [Buffer.from(`a${byte}b`)])
        await assert.rejects(context.request('plain'), {
          code: 'ERR_SS_ALL_RETRIES_FAILED',
          message: /the blob for the header x-auth: has bytes that no header may have/,
        })
      }
      assert.equal(peer.requests.length, 1)
    })

    const both = { http_auth_header: 'x-auth:' }
    const other = { name: 'other', blob: 1 }
    effectOf('s.use_auth', "the token is the scheme's", async () => {
      const policy = { auth: [other] }
      const [plain, keyed] = await compared(
        protocol,
        { use_auth: 'other' },
        { both, policy, blobs: token },
      )
      assert.equal(plain.headers['x-auth'], 'first')
      assert.equal(keyed.headers['x-auth'], 'second')
    })
    effectOf('auth', 'there are schemes', async () => {
      const options = { both, blobs: token }
      const schemes = { ...options, policy: { auth: [other] } }
      const [, keyed] = await compared(protocol, { use_auth: 'other' }, schemes)
      assert.equal(keyed.headers['x-auth'], 'second')
      await assert.rejects(compared(protocol, { use_auth: 'other' }, options), {
        code: 'ERR_SS_POLICY',
      })
    })
    effectOf('auth.name', 'tells schemes apart', async () => {
      for (const [name, value] of [
        ['one', 'first'],
        ['two', 'second'],
      ]) {
        const policy = {
          auth: [
            { name: 'one', blob: 0 },
            { name: 'two', blob: 1 },
          ],
        }
        const key = { use_auth: `${name}` }
        const [, keyed] = await compared(protocol, key, { both, policy, blobs: token })
        assert.equal(keyed.headers['x-auth'], value)
      }
    })
    effectOf('auth.blob', 'names the token', async () => {
      const auth = ['a', 'b', 'c', 'd']
      for (const blob of [0, 1, 2, 3]) {
        const policy = { auth: [{ name: 'it', blob }] }
        const key = { use_auth: 'it' }
        const [, keyed] = await compared(protocol, key, { both, policy, blobs: { auth } })
        assert.equal(keyed.headers['x-auth'], auth[blob])
      }
    })

    const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret/+key' }
    const values = { date: '20150830T123600Z', region: 'us-east-1', service: 'execute-api' }
    const blobs: Blobs = { auth: ['not this', credentials] }
    effectOf('auth.type', 'sigv4 signs', async () => {
      const scheme = { name: 'aws', blob: 1 }
      const use = { use_auth: 'aws' }
      const options = { both: signed, blobs, metadata: { ...values, url: '' } }
      const [, typed] = await compared(protocol, use, { ...options, policy: AWS })
      assert.match(`${typed.headers.authorization}`, /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/)
      const [, plain] = await compared(protocol, use, { ...options, policy: { auth: [scheme] } })
      assert.equal(plain.headers.authorization, undefined)
    })
    for (const key of ['aws_region', 'aws_service'] as const) {
      const metadata = { ...values, other: 'elsewhere', url: '' }
      const items = { ...signed, use_auth: 'aws', metadata: [...signed.metadata, { other: '' }] }
      const scopeWith = async (more: object) => {
        const options = { both: items, policy: AWS, blobs, metadata }
        const [, keyed] = await compared(protocol, more, options)
        return /Credential=[^/]+\/(\S+?),/.exec(`${keyed.headers.authorization}`)?.[1]
      }
      const isItsPart = async (scope: string) => {
        assert.equal(await scopeWith({}), '20150830/us-east-1/execute-api/aws4_request')
        assert.equal(await scopeWith({ [key]: 'other' }), scope)
      }
      if (key === 'aws_region')
        effectOf('s.aws_region', 'names the metadata of the region', () =>
          isItsPart('20150830/elsewhere/execute-api/aws4_request'),
        )
      else
        effectOf('s.aws_service', 'names the metadata of the service', () =>
          isItsPart('20150830/us-east-1/elsewhere/aws4_request'),
        )
    }

    test('signatures are what another signer makes of the requests as they arrive', async () => {
      await using peer = await starts[protocol]()
      const it = streamtype(protocol, peer, { ...signed, use_auth: 'aws' })
      await using context = await openContext({ policy: { ...policyOf({ it }), ...AWS }, blobs })
      for (const service of ['execute-api', 's3'])
        for (const url of ODD_URLS)
          for (const more of [{ hash: EMPTY_HASH }, { hash: EMPTY_HASH, token: 'a  b' }]) {
            await context.request('it', { metadata: { ...values, service, url, ...more } })
            const request = peer.requests.at(-1)
            assert.ok(request)
            const headers = Object.fromEntries(
              Object.entries(request.headers).filter(([name]) => name.startsWith('x-amz-')),
            )
            const host = request.headers.host ?? request.headers[':authority']
            const again = aws4.sign(
              {
                path: request.url,
                service,
                region: 'us-east-1',
                headers: { ...headers, Host: `${host}` } as Record<string, string>,
              },
              credentials,
            )
            assert.equal(request.headers.authorization, again.headers?.Authorization, url)
          }
    })

    test('every x-amz- header is signed, whoever makes it, and redirects are signed anew', async () => {
      await using peer = await starts[protocol]()
      const it = streamtype(protocol, peer, {
        ...signed,
        http_method: 'POST',
        use_auth: 'aws',
        direct_proto_str: true,
        allow_redirects: true,
        http_auth_header: 'X-Amz-Security-Token:',
        http_dsn_header: 'x-amz-meta-serial:',
        http_fwv_header: 'x-firmware:',
      })
      await using context = await openContext({
        policy: { ...policyOf({ it }), ...AWS },
        blobs: {
          auth: ['the token', credentials],
          deviceSerial: '12  34',
          deviceFirmwareVersion: '5',
        },
      })
      const metadata = {
        ...values,
        hash: createHash('sha256').update('body').digest('hex'),
        'x-amz-meta-colour:': 'red   green',
        'X-Amz-Acl:': 'private',
        'content-type:': 'text/plain',
      }
      const names =
        'host;x-amz-acl;x-amz-content-sha256;x-amz-date;x-amz-meta-colour;x-amz-meta-serial;x-amz-security-token'
      for (const url of ['stage//./a/../things?b=2&a=1', 'redirect/307/there//./x', '//key', '']) {
        await (await context.request('it', { metadata: { ...metadata, url }, body: 'body' })).text()
        const request = peer.requests.at(-1)
        assert.ok(request)
        const [path = '', query = ''] = `${request.url}`.split('?')
        const headers: Record<string, string> = {
          host: `${request.headers.host ?? request.headers[':authority']}`,
        }
        for (const [name, value] of Object.entries(request.headers))
          if (name.startsWith('x-amz-')) headers[name] = `${value}`
        assert.equal(Object.keys(headers).sort().join(';'), names)
        assert.equal(
          request.headers.authorization,
          await awsSignature(credentials, {
            service: values.service,
            method: `${request.method}`,
            path,
            query: Object.fromEntries(new URLSearchParams(query)),
            headers,
          }),
          url,
        )
      }
    })

    test('what is missing for a signature is told, and nothing is sent', async () => {
      await using peer = await starts[protocol]()
      const it = streamtype(protocol, peer, { ...signed, use_auth: 'aws' })
      const post = { ...it, http_method: 'POST' }
      const chunked = { ...post, http_no_content_length: true }
      const policy = { ...policyOf({ it, post, chunked }), ...AWS }
      await using context = await openContext({ policy, blobs })
      const all = { ...values, url: '' }
      const fails = (
        metadata: object,
        message: RegExp,
        body?: string,
        name = body ? 'post' : 'it',
      ) =>
        assert.rejects(
          context.request(name, {
            metadata: metadata as Record<string, string>,
            ...(body && { body }),
          }),
          { code: 'ERR_SS_ALL_RETRIES_FAILED', message },
        )
      const { date: _, ...dateless } = all
      await fails(dateless, /x-amz-date/)
      await fails({ ...all, date: 'today' }, /YYYYMMDDTHHMMSSZ/)
      await fails({ ...all, region: '' }, /aws_region or aws_service/)
      await fails({ ...all, service: 'é' }, /no header may have/)
      await fails(all, /x-amz-content-sha256/, 'a body')
      await fails(all, /x-amz-content-sha256/, 'a body', 'chunked')
      context.setBlob('auth', ['', ''])
      await fails(all, /secret key is missing/)
      assert.equal(peer.requests.length, 0)
    })
  })
