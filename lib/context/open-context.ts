/** `openContext()`: its options, and how it reads the policy. */
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { requireFitHost } from '../addon/load.js'
import {
  checkInteger,
  checkObject,
  checkSignal,
  checkString,
  invalidArgType,
  invalidArgValue,
} from '../arguments.js'
import { openCookieFile } from '../cookies/load-cookies.js'
import { NotImplementedError } from '../errors/not-implemented-error.js'
import type { AnyStreamtypes, DefinedPolicy, PolicySource, Streamtypes } from '../policy/index.js'
import type { Vhost } from '../serving/vhost.js'
import { vhostsOf } from '../serving/vhosts.js'
import { checkTrust, type Trust } from '../trust/trust.js'
import { type Blobs, checkBlobs } from './blobs.js'
import { Context } from './context.js'
import { EffectivePolicy } from './effective-policy.js'
import { parseHttpProxy } from './http-proxy.js'
import type { ContextOf } from './typed-context.js'
import { warnOfOptions } from './unknown-options.js'

/** Options of {@link openContext}; `policy` or `policyFile` must be there. */
export interface ContextOptions<T extends Streamtypes<T> = AnyStreamtypes> {
  /**
   * The policy: an object, JSON text (as string or bytes), or a `file:` URL. A string is never taken
   * for a path.
   */
  policy?: PolicySource | URL | DefinedPolicy<T>
  /** The path of the policy, instead of `policy`. */
  policyFile?: string
  /**
   * Fragments that are laid over the policy in order. Specification: "Applying streamtype policy
   * overlays".
   */
  overlays?: readonly PolicySource[]
  /**
   * What to trust for a `tls` streamtype without `tls_trust_store`: the operating system's store,
   * Node's bundled roots, or certificates as PEM or DER. Default: `'system'`.
   */
  ca?: Trust
  /** Values of lws_system blobs. */
  blobs?: Blobs
  /**
   * The file in which `http_cookies` streamtypes keep their cookies, in the format of curl's. Default:
   * they are kept in memory, for this context.
   */
  cookieJar?: string
  /**
   * The HTTP proxy that client connections of every protocol go through, by CONNECT:
   * `http://user:password@host:port`, with what a URL cannot have in user and password percent-encoded;
   * or `'env'` for what the environment says, as Node reads it: `HTTPS_PROXY` for connections with TLS,
   * `HTTP_PROXY` for those without, in lower case first. Hosts of `NO_PROXY` are connected to
   * directly, and so are Unix sockets; a `via-socks5` of the policy comes first. Default: `'env'` with
   * `NODE_USE_ENV_PROXY=1` in the environment, otherwise none.
   */
  httpProxy?: string
  /**
   * How many connections h1 and h2 transactions make to one endpoint at once, 1 or more. Others wait, in
   * the order in which they began, until one of those is free, has room for a stream (h2), or has
   * ended. Default: `Infinity`.
   */
  maxSockets?: number
  /**
   * Virtual hosts for server streamtypes whose `endpoint` is `!` and the name of one: libwebsockets' own
   * vhost JSON as an object, text (string or bytes), or a `file:` URL. Specification: "endpoint".
   */
  vhosts?: PolicySource | URL
  /**
   * Gives up opening, and destroys the context when aborted later; what is pending rejects with the
   * signal's reason.
   */
  signal?: AbortSignal
}

// A program may well begin with the policy that it has when a better one is slow to come.
const PATIENCE_WITH_FETCH = 3000

const notYet = ['proxy'] as const

function checkOptions(options: unknown): asserts options is ContextOptions {
  checkObject('options', options)
  const given = options as ContextOptions & Record<string, unknown>
  for (const name of notYet)
    if (given[name] !== undefined) throw new NotImplementedError(`the option '${name}'`)
  checkSignal('options.signal', given.signal)
  if (given.policyFile !== undefined) checkString('options.policyFile', given.policyFile)
  if (given.cookieJar !== undefined) checkString('options.cookieJar', given.cookieJar)
  checkHttpProxy(given.httpProxy)
  if (given.maxSockets !== undefined && given.maxSockets !== Infinity)
    checkInteger('options.maxSockets', given.maxSockets, 1, 0xffffffff)
  if (given.overlays !== undefined && !Array.isArray(given.overlays))
    throw invalidArgType('options.overlays', 'an array', given.overlays)
  if ((given.policy === undefined) === (given.policyFile === undefined))
    throw invalidArgValue(
      'options',
      Object.keys(given),
      "must have one of 'policy' and 'policyFile'",
    )
  checkSource('options.policy', given.policy)
  checkSource('options.vhosts', given.vhosts)
  checkBlobs(given.blobs)
  checkTrust(given.ca)
}

function checkHttpProxy(given: unknown): void {
  if (given === undefined) return
  checkString('options.httpProxy', given)
  const proxy = given === 'env' ? undefined : parseHttpProxy(given)
  // It may have a password.
  const shown = given.slice(given.lastIndexOf('@') + 1)
  if (typeof proxy === 'string') throw invalidArgValue('options.httpProxy', shown, proxy)
}

function checkSource(name: string, source: unknown): void {
  if (source instanceof URL && source.protocol !== 'file:')
    throw invalidArgValue(name, source.href, 'must be a file: URL')
  if (source !== undefined && typeof source !== 'string' && (typeof source !== 'object' || !source))
    throw invalidArgType(name, 'an object, JSON text, a Buffer or a file: URL', source)
}

async function readVhosts({ vhosts, signal }: ContextOptions): Promise<readonly Vhost[]> {
  if (vhosts === undefined) return []
  if (!(vhosts instanceof URL)) return vhostsOf(vhosts)
  const file = fileURLToPath(vhosts)
  return vhostsOf(await readFile(file, signal ? { signal } : {}), file)
}

async function readSource(
  options: ContextOptions,
): Promise<{ source: PolicySource; file?: string }> {
  const { policy, policyFile, signal } = options
  const file = policyFile ?? (policy instanceof URL ? fileURLToPath(policy) : undefined)
  if (file === undefined) return { source: policy as PolicySource }
  return { source: await readFile(file, signal ? { signal } : {}), file }
}

async function open(options: ContextOptions): Promise<Context> {
  options.signal?.throwIfAborted()
  requireFitHost()
  try {
    return await openFrom(await readSource(options), await readVhosts(options), options)
  } catch (error) {
    options.signal?.throwIfAborted()
    throw error
  }
}

async function openFrom(
  { source, file }: { source: PolicySource; file?: string },
  vhosts: readonly Vhost[],
  options: ContextOptions,
): Promise<Context> {
  const where = file === undefined ? {} : { file }
  const effective = EffectivePolicy.of(source, options.overlays ?? [], where)
  options.signal?.throwIfAborted()

  const context = new Context(effective, {
    ...(options.ca !== undefined && { ca: options.ca }),
    ...(options.blobs !== undefined && { blobs: options.blobs }),
    ...(options.cookieJar !== undefined && { cookieFile: openCookieFile(options.cookieJar) }),
    ...(options.httpProxy !== undefined && { httpProxy: options.httpProxy }),
    ...(options.maxSockets !== undefined && { maxSockets: options.maxSockets }),
    ...(options.signal && { signal: options.signal }),
    vhosts,
  })
  try {
    await context.started(PATIENCE_WITH_FETCH)
  } catch (error) {
    context.destroy()
    await context.close()
    throw error
  }
  options.signal?.throwIfAborted()
  return context
}

/**
 * Opens a context: one policy database on the event loop of the calling thread.
 *
 * @typeParam T - what `policyToTypes()` says of the policy, so that its streamtypes and their metadata
 *   are known; a policy of `definePolicy()` says it itself
 * @returns a context, when libwebsockets reports OPERATIONAL; with a streamtype `fetch_policy` in the
 *   policy, when the policy that it fetches is in force or cannot be had, but three seconds later at the
 *   latest
 * @throws {@link PolicyError} for a policy that cannot be used; {@link AddonLoadError};
 *   {@link SecureStreamError} `ERR_SS_TRUST` when the system's certificates are needed and not found,
 *   `ERR_SS_COOKIE_JAR` when the `cookieJar` cannot be used, `ERR_SS_VHOSTS` when `vhosts` cannot,
 *   `ERR_SS_SOCKS_PROXY` and `ERR_SS_HTTP_PROXY` when the proxies of the environment cannot be read; the
 *   signal's reason; a file system error for a policy file that cannot be read. Synchronously, a
 *   `TypeError` with code `ERR_INVALID_ARG_TYPE` or `ERR_INVALID_ARG_VALUE`, and {@link SecureStreamError}
 *   `ERR_SS_NOT_IMPLEMENTED` for an option of a later version.
 */
export function openContext<T extends Streamtypes<T> = AnyStreamtypes>(
  options: ContextOptions<T>,
): Promise<ContextOf<T>> {
  checkOptions(options)
  warnOfOptions('openContext', options, new Set())
  return open(options) as Promise<ContextOf<T>>
}
