// Mistakes of TLS.

import {
  CertificateAuthority,
  ExtendedKeyUsage,
  rsa,
  selfSigned,
  startAedes,
  startHttp1,
  startHttp2,
  type TlsIdentity,
} from '../../peers/index.js'
import { authority, hangsUp, identity, isSilent, type Mistake, resets, says } from './mistake.js'

const policy = { tls: true }
const shows = (options: Parameters<CertificateAuthority['issue']>[0]) => async () =>
  startHttp1({ tls: await (await authority()).issue(options) })
const stranger = async () => (await CertificateAuthority.create('another CA')).issue()
const accepts = (options: object) => async () =>
  startHttp1({ tls: { ...(await identity()), ...options } as TlsIdentity })
const asks = (more: object) => async () =>
  accepts({ requestCert: true, rejectUnauthorized: true, ca: (await authority()).pem, ...more })()
const DAY = 24 * 60 * 60 * 1000
export const tls: Mistake[] = [
  {
    is: 'no TLS there',
    protocol: 'h1',
    policy,
    peer: () => startHttp1(),
    says: '@: no TLS on that port, 3 attempts',
    cause: 'ERR_SSL_WRONG_VERSION_NUMBER',
  },
  {
    is: 'no TLS there',
    protocol: 'h2',
    policy,
    peer: () => startHttp2(),
    says: '@: no TLS on that port, 3 attempts',
    cause: 'ERR_SSL_WRONG_VERSION_NUMBER',
  },
  {
    is: 'no TLS there',
    protocol: 'raw',
    policy,
    peer: says('SSH-2.0-OpenSSH_9.2\r\n'),
    says: '@: no TLS on that port, 3 attempts',
    cause: 'ERR_SSL_WRONG_VERSION_NUMBER',
  },
  {
    is: 'hangs up',
    protocol: 'mqtt',
    policy,
    peer: () => startAedes(),
    says: '@: hung up during the TLS handshake, 3 attempts',
    cause: 'ECONNRESET',
  },
  {
    is: 'hangs up',
    protocol: 'raw',
    policy,
    peer: hangsUp,
    says: '@: hung up during the TLS handshake, 3 attempts',
    cause: 'ECONNRESET',
  },
  {
    is: 'resets',
    protocol: 'ws',
    policy,
    peer: resets,
    says: '@: connection reset during the TLS handshake, 3 attempts',
    cause: 'ECONNRESET',
  },
  {
    is: 'is silent',
    protocol: 'h1',
    policy: { ...policy, retry: '' },
    peer: isSilent,
    says: '@: no end of the TLS handshake in time',
    cause: 'ERR_TLS_HANDSHAKE_TIMEOUT',
    attempts: 1,
  },
  {
    is: 'expired',
    protocol: 'h1',
    policy,
    peer: shows({ notBefore: new Date(1), notAfter: new Date(2) }),
    says: "@: the server's certificate has expired, 3 attempts",
    cause: 'CERT_HAS_EXPIRED',
  },
  {
    is: 'not valid yet',
    protocol: 'ws',
    policy,
    peer: shows({
      notBefore: new Date(Date.now() + DAY),
      notAfter: new Date(Date.now() + 2 * DAY),
    }),
    says: "@: the server's certificate is not valid yet, 3 attempts",
    cause: 'CERT_NOT_YET_VALID',
  },
  {
    is: 'of another name',
    protocol: 'h1',
    policy: { ...policy, endpoint: 'localhost' },
    endpoint: 'localhost:#',
    peer: shows({ names: ['other.example'] }),
    says: "@: the server's certificate is for another name, 3 attempts",
    cause: 'ERR_TLS_CERT_ALTNAME_INVALID',
  },
  {
    is: 'of another address',
    protocol: 'raw',
    policy,
    peer: shows({ names: ['10.0.0.1'] }),
    says: "@: the server's certificate is for another address, 3 attempts",
    cause: 'ERR_TLS_CERT_ALTNAME_INVALID',
  },
  {
    is: 'self-signed',
    protocol: 'raw',
    policy,
    peer: async () => startHttp1({ tls: await selfSigned() }),
    says: "@: the server's certificate vouches for itself, and is not trusted, 3 attempts",
    cause: 'DEPTH_ZERO_SELF_SIGNED_CERT',
  },
  {
    is: 'of another authority',
    protocol: 'h1',
    policy,
    peer: async () => startHttp1({ tls: await stranger() }),
    says: "@: the server's certificate was issued by an authority that is not trusted, or comes without its chain, 3 attempts",
    cause: 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  },
  {
    is: 'not for servers',
    protocol: 'h1',
    policy,
    peer: shows({ extendedKeyUsage: ExtendedKeyUsage.clientAuth }),
    says: "@: the server's certificate is not one for servers, 3 attempts",
    cause: 'INVALID_PURPOSE',
  },
  {
    is: 'a weak key',
    protocol: 'raw',
    policy,
    peer: shows({ keyAlgorithm: rsa(1024) }),
    says: "@: the server's certificate has a key that is too weak, 3 attempts",
    cause: 'UNSPECIFIED',
  },
  {
    is: 'an old TLS',
    protocol: 'ws',
    policy,
    peer: accepts({ minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }),
    says: '@: the server refuses the versions of TLS that are allowed here, 3 attempts',
    cause: 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION',
  },
  {
    is: 'another protocol by ALPN',
    protocol: 'h2',
    policy,
    peer: accepts({ ALPNProtocols: ['http/1.1'] }),
    says: "@: the server does not speak the policy's protocol on that port (ALPN), 3 attempts",
    cause: 'ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL',
  },
  {
    is: 'wants a certificate',
    protocol: 'h1',
    policy,
    peer: asks({ minVersion: 'TLSv1.3' }),
    says: '@: the server requires a client certificate, 3 attempts',
    cause: 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED',
  },
  {
    is: 'wants a certificate of TLS 1.2',
    protocol: 'ws',
    policy,
    peer: asks({ maxVersion: 'TLSv1.2' }),
    says: '@: the server refuses the TLS handshake: it may want a client certificate, or other ciphers, 3 attempts',
    cause: 'ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE',
  },
  {
    is: 'no usable certificate',
    protocol: 'mqtt',
    policy: { ...policy, client_cert: 0 },
    peer: accepts({}),
    says: '@: the client certificate is missing or unusable, 3 attempts',
  },
]
