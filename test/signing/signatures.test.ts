import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import path from 'node:path'
import { describe, test } from 'node:test'
import aws4 from 'aws4'
import fc from 'fast-check'
import { awsSignature } from './aws-signers.js'

type Signer = typeof import('../../dist/signing/signer.js')

const load = createRequire(__filename)
const dist = path.dirname(load.resolve('lws-secure-streams'))
const { signRequest } = load(path.join(dist, 'signing', 'signer.js')) as Signer

const KEYS = {
  accessKeyId: 'AKIDEXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
}
const DATE = '20150830T123600Z'
const latin1 = (text: string) => Buffer.from(text).toString('latin1')

const request = (target: string, more: Partial<Parameters<typeof signRequest>[0]> = {}) => ({
  method: 'GET',
  target: latin1(target),
  host: 'example.amazonaws.com',
  fields: `x-amz-date:${DATE}\n`,
  region: 'us-east-1',
  service: 'service',
  blob: 0,
  hasBody: false,
  ...more,
})

const signatureOf = (target: string, more: Parameters<typeof request>[1] = {}) => {
  const [isSigned, text] = signRequest(request(target, more), KEYS)
  assert.ok(isSigned, text)
  return text
}

// The suite that AWS publishes: aws-sig-v4-test-suite, by the names of its folders.
const SUITE = {
  'get-vanilla': ['/', '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31'],
  'normalize-path/get-relative': ['/example/..', 'get-vanilla'],
  'normalize-path/get-relative-relative': ['/example1/example2/../..', 'get-vanilla'],
  'normalize-path/get-slash': ['//', 'get-vanilla'],
  'normalize-path/get-slash-dot-slash': ['/./', 'get-vanilla'],
  'normalize-path/get-slash-pointless-dot': [
    '/./example',
    'ef75d96142cf21edca26f06005da7988e4f8dc83a165a80865db7089db637ec5',
  ],
  'normalize-path/get-slashes': [
    '//example//',
    '9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84',
  ],
  'normalize-path/get-space': [
    '/example space/',
    '652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741',
  ],
  'get-utf8': ['/ሴ', '8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85'],
  'get-unreserved': [
    '/-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz',
    '07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f',
  ],
  'get-vanilla-query-order-key-case': [
    '/?Param2=value2&Param1=value1',
    'b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500',
  ],
} as const

describe('the suite that AWS publishes', () => {
  for (const [name, [target, signature]] of Object.entries(SUITE))
    test(name, () => {
      const wanted = signature === 'get-vanilla' ? SUITE['get-vanilla'][1] : signature
      assert.equal(/Signature=(\w+)$/.exec(signatureOf(target))?.[1], wanted)
    })

  test('post-vanilla', () => {
    const signed = signatureOf('/', { method: 'POST' })
    assert.match(signed, /5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b$/)
  })
})

const encoded = (text: string) =>
  encodeURIComponent(text).replace(
    /[!'()*]/g,
    (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`,
  )
const letters = fc.string({ unit: 'grapheme', maxLength: 6 })
const segment = fc.oneof(
  fc.constantFrom('', '.', '..', 'a', 'a b', '%', '+', 'é', "~!*'();:@&=$,"),
  letters,
)
const segments = fc.array(segment, { maxLength: 6 })
const parameters = fc.uniqueArray(fc.tuple(letters, letters), {
  maxLength: 4,
  selector: ([name]) => name,
})
const headers = fc.uniqueArray(
  fc.tuple(
    fc.string({ unit: fc.constantFrom('a', 'B', '-', '0'), minLength: 1, maxLength: 5 }),
    fc.string({ unit: fc.constantFrom('a', ' ', '  ', ',', '"'), maxLength: 8 }),
  ),
  { maxLength: 4, selector: ([name]) => name.toLowerCase() },
)
const services = fc.constantFrom(
  'execute-api',
  'es',
  's3',
  's3-object-lambda',
  's3-outposts',
  's3express',
  's3tables',
)
const methods = fc.constantFrom('GET', 'PUT', 'DELETE')

describe('any request is signed', () => {
  test("as AWS's own signer signs it", async () => {
    await fc.assert(
      fc.asyncProperty(
        methods,
        services,
        segments,
        parameters,
        headers,
        async (method, service, path, query, more) => {
          const sentPath = `/${path.map(encoded).join('/')}`
          const sentQuery = query.map((pair) => pair.map(encoded).join('=')).join('&')
          const fields = Object.fromEntries(
            [
              ...more.map(([name, value]) => [`X-Amz-Meta-${name}`, value]),
              ['x-amz-date', DATE],
            ].map(([name, value]) => [`${name}`.toLowerCase(), `${value}`]),
          )
          const wanted = await awsSignature(KEYS, {
            service,
            method,
            path: sentPath,
            query: Object.fromEntries(query),
            headers: { host: 'a.example:8443', ...fields },
          })
          const signed = signatureOf(sentQuery ? `${sentPath}?${sentQuery}` : sentPath, {
            method,
            service,
            host: 'a.example:8443',
            fields: Object.entries(fields)
              .reverse()
              .map((field) => `${field.join(': ')}\n`)
              .join(''),
          })
          assert.equal(signed, wanted)
        },
      ),
      { numRuns: 300 },
    )
  })

  test('as aws4 signs it, also where the path and the query are not encoded as they might be', () => {
    fc.assert(
      fc.property(services, segments, parameters, (service, path, query) => {
        fc.pre(service === 's3' || !service.startsWith('s3'))
        const raw = (text: string) => encodeURI(text).replace(/[?#&=]/g, encoded)
        const target = `/${path.map(raw).join('/')}?${query.map((pair) => pair.map(raw).join('=')).join('&')}`
        // Without a query it is no query to aws4 either, and what has no name it leaves out.
        fc.pre(query.length > 0 && query.every(([name]) => name !== ''))
        const again = aws4.sign(
          {
            path: target,
            service,
            region: 'us-east-1',
            headers: { Host: 'h', 'X-Amz-Date': DATE, 'X-Amz-Content-Sha256': 'UNSIGNED-PAYLOAD' },
          },
          KEYS,
        )
        const fields = `X-Amz-Date:${DATE}\nX-Amz-Content-Sha256:UNSIGNED-PAYLOAD\n`
        assert.equal(
          signatureOf(target, { service, host: 'h', fields }),
          again.headers?.Authorization,
        )
      }),
      { numRuns: 300 },
    )
  })

  test('or the reason is told, whatever it is', () => {
    const text = fc.string({ unit: 'binary' }).map(latin1)
    fc.assert(
      fc.property(
        text,
        text,
        text,
        text,
        text,
        text,
        (target, fields, region, service, id, secret) => {
          const what = request('/', { target, fields, region, service })
          const [isSigned, result] = signRequest(what, { accessKeyId: id, secretAccessKey: secret })
          assert.ok(isSigned || result.length > 0)
          assert.match(result, /^[ -~]*$/)
        },
      ),
    )
  })
})

describe('headers', () => {
  test('that are there twice are signed as one, in their order', () => {
    const twice = signatureOf('/', { fields: `X-Amz-B:1\nx-amz-date:${DATE}\nx-amz-b: 2\n` })
    const once = signatureOf('/', { fields: `x-amz-b:1,2\nx-amz-date:${DATE}\n` })
    assert.equal(twice, once)
    assert.match(twice, /SignedHeaders=host;x-amz-b;x-amz-date,/)
  })

  test('of other names, and those that only begin so, are not signed', () => {
    const fields = `x-amzn-trace-id:1\nx-am:2\nx-amz-date:${DATE}\naccept:*/*\nx-amz:3\n`
    assert.match(signatureOf('/', { fields }), /SignedHeaders=host;x-amz-date,/)
  })
})

test('what cannot be in the header of a signature is refused', () => {
  const refused = (more: Parameters<typeof request>[1], keys: typeof KEYS | undefined = KEYS) => {
    const [isSigned, reason] = signRequest(request('/', more), keys)
    assert.equal(isSigned, false)
    return reason
  }
  assert.match(refused({ region: 'a\r\nb: c' }), /aws_region .* no header may have/)
  assert.match(refused({ service: 'é' }), /aws_service .* no header may have/)
  assert.match(refused({ region: '' }), /aws_region or aws_service has no value/)
  assert.match(refused({ hasBody: true }), /x-amz-content-sha256/)
  assert.match(refused({ fields: '' }), /x-amz-date/)
  assert.match(refused({ fields: 'x-amz-date:2015-08-30\n' }), /YYYYMMDDTHHMMSSZ/)
  assert.match(refused({}, { ...KEYS, accessKeyId: 'a b' }), /key id/)
  assert.match(refused({}, { ...KEYS, secretAccessKey: '' }), /secret key is missing/)
  assert.match(signRequest(request('/'), undefined)[1], /secret key is missing/)
})
