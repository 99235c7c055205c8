// The command `lws-ss init`.
import { existsSync, writeFileSync } from 'node:fs'
import { CommandError } from './command-error.mjs'
import { ExitStatus } from './exit-status.mjs'
import { Questions } from './init/questions.mjs'
import {
  metadataOf,
  PeerUrl,
  SCHEME_LIST,
  starterPolicy,
  type Wishes,
} from './init/starter-policy.mjs'

/** What the arguments of `lws-ss init` say. */
export interface InitOptions {
  readonly url?: string
  readonly name?: string
  readonly method?: string
  readonly http2?: boolean
  readonly topic?: string
  readonly subscribe?: string
  readonly force?: boolean
}

const isHttp = ({ protocol }: PeerUrl) => protocol === 'h1'

/** @throws CommandError for an option that has no meaning for the peer */
function wishesOf(url: string, options: InitOptions): Wishes {
  const peer = new PeerUrl(url)
  const { name = peer.name, method, http2, topic, subscribe } = options
  const meant = isHttp(peer)
    ? ['method', 'http2']
    : peer.protocol === 'mqtt'
      ? ['topic', 'subscribe']
      : []
  for (const option of ['method', 'http2', 'topic', 'subscribe'] as const)
    if (options[option] !== undefined && !meant.includes(option))
      throw new Error(`--${option} has no meaning for ${url}`)
  if (peer.protocol === 'mqtt' && !topic && !subscribe)
    throw new Error(`${url} needs --topic, --subscribe or both`)
  return { peer, name, ...given({ method, http2, topic, subscribe }) }
}

const given = <T extends object>(values: T) =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [N in keyof T]?: Exclude<T[N], undefined>
  }

/** Asks for all that the options do not say. */
async function askFor(questions: Questions, options: InitOptions): Promise<Wishes> {
  const peer = await questions.ask(
    `URL of the peer (${SCHEME_LIST})`,
    '',
    (answer) => new PeerUrl(answer),
  )
  const name = options.name ?? (await questions.ask('Name of the streamtype', peer.name, String))
  if (isHttp(peer)) {
    const method =
      options.method ?? (await questions.ask('Method', 'GET', (answer) => answer.toUpperCase()))
    const http2 = options.http2 ?? (await questions.agree('HTTP/2'))
    return { peer, name, method, http2 }
  }
  if (peer.protocol !== 'mqtt') return { peer, name }
  const topic = options.topic ?? (await questions.ask('Topic to publish to', '', String))
  const subscribe =
    options.subscribe ??
    (await questions.ask('Topic to subscribe to', '', (answer) => {
      if (!answer && !topic) throw new Error('One of the two topics is needed.')
      return answer
    }))
  return { peer, name, topic, subscribe }
}

/** Writes a file that is not there, unless `force` says that it may be. */
function write(file: string, text: string, force: boolean): void {
  try {
    writeFileSync(file, text, { flag: force ? 'w' : 'wx' })
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    const why =
      code === 'EEXIST'
        ? `${file} is there already: give another name, or --force to replace it`
        : `the file ${file} cannot be written: ${message}`
    throw new CommandError(why, ExitStatus.Failed)
  }
}

async function byQuestions(file: string, options: InitOptions): Promise<Wishes> {
  const questions = new Questions()
  try {
    if (!options.force && existsSync(file) && !(await questions.agree(`Replace ${file}`)))
      throw new CommandError('nothing was written', ExitStatus.Failed)
    const wishes = await askFor(questions, options)
    write(file, starterPolicy(wishes), options.force || existsSync(file))
    return wishes
  } finally {
    questions.close()
  }
}

function byOptions(file: string, url: string, options: InitOptions): Wishes {
  const wishes = wishesOf(url, options)
  write(file, starterPolicy(wishes), options.force ?? false)
  return wishes
}

/**
 * `lws-ss init`: writes a first policy.
 *
 * @throws CommandError when it cannot, or may not
 */
export async function init(file: string, options: InitOptions): Promise<void> {
  const { url } = options
  if (url === undefined && !process.stdin.isTTY)
    throw new CommandError(
      'without a terminal to ask on, --url has to say what to connect to',
      ExitStatus.Misused,
    )
  let wishes: Wishes
  try {
    wishes = url === undefined ? await byQuestions(file, options) : byOptions(file, url, options)
  } catch (error) {
    if (error instanceof CommandError) throw error
    throw new CommandError((error as Error).message, ExitStatus.Misused)
  }
  const metadata = metadataOf(wishes).map((name) => ` -m ${name}=…`)
  console.log(
    `Wrote ${file}. Now try it:\n\n  lws-ss run ${file} ${wishes.name}${metadata.join('')}`,
  )
}
