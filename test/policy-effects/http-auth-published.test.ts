import assert from 'node:assert/strict'
import net from 'node:net'
import { pipeline } from 'node:stream'
import { describe, test } from 'node:test'
import { openContext } from 'lws-secure-streams'
import { CertificateAuthority, startHttp1, startRaw } from '../peers/index.js'
import { policyOf, streamtype } from '../support/policies.js'
import { AWS, EMPTY_HASH, signed } from './signed.js'

// https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html and the suite of
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
const S3 = {
  endpoint: 'examplebucket.s3.amazonaws.com',
  key: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
  keyId: 'AKIAIOSFODNN7EXAMPLE',
  metadata: { date: '20130524T000000Z', region: 'us-east-1', service: 's3', hash: EMPTY_HASH },
}
const SUITE = {
  endpoint: 'example.amazonaws.com',
  key: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
  keyId: 'AKIDEXAMPLE',
  metadata: { date: '20150830T123600Z', region: 'us-east-1', service: 'service' },
}
const PUBLISHED = [
  [S3, '?lifecycle', 'fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543'],
  [S3, '?max-keys=2&prefix=J', '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7'],
  [SUITE, '', '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31'],
  [SUITE, 'example/..', '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31'],
  [SUITE, './example', 'ef75d96142cf21edca26f06005da7988e4f8dc83a165a80865db7089db637ec5'],
  [
    SUITE,
    '?Param2=value2&Param1=value1',
    'b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500',
  ],
] as const

describe('the signatures that AWS publishes', { timeout: 30_000 }, () => {
  for (const [{ endpoint, key, keyId, metadata }, url, signature] of PUBLISHED)
    test(`of https://${endpoint}/${url}`, async () => {
      const authority = await CertificateAuthority.create()
      await using server = await startHttp1({ tls: await authority.issue({ names: [endpoint] }) })
      // Says yes to whatever it is asked, and connects to the server: the request has to name AWS's.
      await using socks = await startRaw({
        accept: (socket) =>
          socket.once('data', () => {
            socket.write(Buffer.from([5, 0]))
            socket.once('data', () => {
              socket.write(Buffer.from([5, 0, 0, 1, 127, 0, 0, 1, 0, 0]))
              // Either side may end by cutting the connection.
              pipeline(socket, net.connect(server.port, '127.0.0.1'), socket, () => {})
            })
          }),
      })
      const https = streamtype('h1', { port: 443 }, { ...signed, tls: true, use_auth: 'aws' })
      const policy = {
        ...policyOf({ it: { ...https, endpoint } }, authority),
        ...AWS,
        'via-socks5': `127.0.0.1:${socks.port}`,
      }
      const auth = ['', { accessKeyId: keyId, secretAccessKey: key }]
      await using context = await openContext({ policy, blobs: { auth } })
      await context.request('it', { metadata: { ...metadata, url } })
      const sent = String(server.requests[0]?.headers.authorization)
      assert.equal(/Signature=(\w+)$/.exec(sent)?.[1], signature)
    })
})
