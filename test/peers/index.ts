// All peers of the tests.

export { type AbstractBridge, startAbstractBridge } from './abstract-bridge.js'
export { type AedesPeer, startAedes } from './aedes.js'
export { startApache } from './apache.js'
export { startApart } from './apart.js'
export { type AsidePeer, startAside } from './aside.js'
export {
  CertificateAuthority,
  type CertificateOptions,
  ExtendedKeyUsage,
  KeyUsageFlags,
  rsa,
  selfSigned,
} from './certificates.js'
export { type Cut, type CuttingRelay, startCuttingRelay } from './cutting-relay.js'
export {
  CONTINUATION,
  DATA,
  END_HEADERS,
  END_STREAM,
  frame,
  GOAWAY,
  HEADERS,
  PADDED,
  RST_STREAM,
  SETTINGS,
  startFrames,
  WINDOW_UPDATE,
} from './h2-frames.js'
export { type HandlingPeer, type RequestHandler, startHandling } from './handling.js'
export { type HoldingRelay, startHoldingRelay } from './holding-relay.js'
export { patternBytes } from './http-handler.js'
export { type HttpProxyPeer, startHttpProxy } from './http-proxy.js'
export { type Http1Peer, startHttp1 } from './http1.js'
export { type Http2Peer, startHttp2 } from './http2.js'
export { answerStream, type SessionPeer, startSessions } from './http2-sessions.js'
export { type LighttpdPeer, startLighttpd } from './lighttpd.js'
export { type MosquittoPeer, startMosquitto } from './mosquitto.js'
export { type MqttCut, type MqttCuttingRelay, startMqttCuttingRelay } from './mqtt-cutting-relay.js'
export { type MqttRelay, startMqttRelay } from './mqtt-relay.js'
export { type MutatingRelay, startMutatingRelay } from './mutating-relay.js'
export { type NginxPeer, startNginx } from './nginx.js'
export { type OpensslPeer, startOpenssl } from './openssl.js'
export type { Peer, TlsIdentity } from './peer.js'
export { type RaceEnd, type RacingPeer, startRacing } from './racing.js'
export { type RawPeer, startRaw } from './raw.js'
export {
  type CountingRelay,
  startCountingRelay,
  startOneByteRelay,
  startPiecesRelay,
} from './relay.js'
export { type ScriptedBroker, startScriptedBroker } from './scripted-broker.js'
export { type SlowRelay, startSlowRelay } from './slow-relay.js'
export { type Socks5Peer, startSocks5 } from './socks5.js'
export { starts } from './starts.js'
export { startSubscriptionBroker } from './subscription-broker.js'
export { type Asked, startTargets, type TargetsPeer } from './targets.js'
export { startWebSocket, type WebSocketPeer } from './websocket.js'
