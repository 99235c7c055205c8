/**
 * What AWS made of requests that other clients had signed, as their users have reported it. The signature
 * that is compared is what AWS's own signer for JavaScript makes of the path that AWS is known to have taken.
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { openContext } from 'lws-secure-streams'
import { startHttp1, startHttp2 } from '../peers/index.js'
import { AWS, EMPTY_HASH, signed } from '../policy-effects/signed.js'
import { awsSignature } from '../signing/aws-signers.js'
import { policyOf, streamtype } from '../support/policies.js'

const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret/+key' }
const date = '20150830T123600Z'
const DATED = { region: 'us-east-1', date, hash: EMPTY_HASH }

const CASES = [
  // aws-sdk-js-v3, pull request 3408: an object's path that begins with a slash of its own made
  // "//some/path", which MediaStore takes for one slash.
  ['mediastore', '/some/path', '/some/path'],
  // aws-sdk-java-v2, pull request 3534: dot segments in a path were refused everywhere but at S3.
  ['execute-api', 'stage/./things/../other', '/stage/other'],
  // requests-aws4auth, issue 31: "." and ".." are good names of objects, and S3 does not take them for
  // anything else.
  ['s3', 'x/.', '/x/.'],
  ['s3', 'a/../b//c', '/a/../b//c'],
  // versitygw, issue 2274: a client that puts an empty prefix before a key asks for "bucket//key".
  ['s3', 'bucket//key', '/bucket//key'],
  ['s3', '/key', '//key'],
  // aws-sdk-net, pull request 4473, measured there: S3 takes a plus in the path for a space, API Gateway
  // for a plus.
  ['s3', 'a+b', '/a%20b'],
  ['s3', 'a%2Bb', '/a%2Bb'],
  ['execute-api', 'stage/a+b', '/stage/a+b'],
  // The same: API Gateway does not decode a slash.
  ['execute-api', 'stage/a%2Fb', '/stage/a%2Fb'],
] as const

for (const [protocol, start] of [
  ['h1', startHttp1],
  ['h2', startHttp2],
] as const)
  describe(`paths on ${protocol}`, { timeout: 30_000 }, () => {
    for (const [service, url, taken] of CASES)
      test(`${service}: /${url}`, async () => {
        await using peer = await start()
        const it = streamtype(protocol, peer, { ...signed, use_auth: 'aws' })
        await using context = await openContext({
          policy: { ...policyOf({ it }), ...AWS },
          blobs: { auth: ['', credentials] },
        })
        await context.request('it', { metadata: { ...DATED, service, url } })
        const sent = peer.requests[0]?.headers ?? {}
        const wanted = await awsSignature(credentials, {
          service,
          method: 'GET',
          path: taken,
          query: {},
          headers: {
            host: `${sent.host ?? sent[':authority']}`,
            'x-amz-date': date,
            'x-amz-content-sha256': EMPTY_HASH,
          },
        })
        assert.equal(sent.authorization, wanted)
      })
  })

test('a header that only one request has is signed with it: S3 refuses unsigned x-amz- headers', async () => {
  // "There were headers present in the request which were not signed", as users of many clients know it
  // from S3 when a proxy or a hook has added one after the signature was made.
  await using peer = await startHttp1()
  const it = streamtype('h1', peer, { ...signed, use_auth: 'aws', direct_proto_str: true })
  await using context = await openContext({
    policy: { ...policyOf({ it }), ...AWS },
    blobs: { auth: ['', credentials] },
  })
  const metadata = { ...DATED, service: 's3', url: 'key' }
  await context.request('it', { metadata: { ...metadata, 'x-amz-meta-colour:': 'red' } })
  await context.request('it', { metadata })
  const names = peer.requests.map(
    ({ headers }) => /SignedHeaders=([^,]+)/.exec(`${headers.authorization}`)?.[1],
  )
  assert.deepEqual(names, [
    'host;x-amz-content-sha256;x-amz-date;x-amz-meta-colour',
    'host;x-amz-content-sha256;x-amz-date',
  ])
})
