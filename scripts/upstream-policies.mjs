// Builds upstream's policy2c from the stock source, and writes down every policy of upstream's
// examples, as build/upstream/policies/NAME.json: what this library's own reading is compared with.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { isMain, main, Stop, say } from './console.mjs'
import { withBuildLock } from './lock.mjs'
import { readPin } from './lws-source.mjs'
import { cachedTarball } from './lws-tarball.mjs'
import { inRoot } from './paths.mjs'
import { capture, run } from './processes.mjs'
import { hasStamp, stateOf, writeStamp } from './stamp.mjs'

const folder = inRoot('build', 'upstream')
const source = path.join(folder, 'source')
const library = path.join(folder, 'lws')
const policies = path.join(folder, 'policies')
const POLICY2C =
  'minimal-examples/secure-streams/minimal-secure-streams-policy2c/minimal-secure-streams.c'

// The structs have fields for sigv4 only with this; its code needs a TLS library, which parsing a
// policy does not, so the one function that the rest calls stands in for it.
const SIGV4 = '-DLWS_WITH_SECURE_STREAMS_AUTH_SIGV4=1'
const SIGV4_STAND_IN = 'int lws_ss_apply_sigv4(void) { return -1; }\n'

/** The arguments with which a C file sees upstream's headers as policy2c does. */
export const upstreamHeaders = [SIGV4, `-I${library}/include`, `-I${source}/include`]

/** What the examples can be compiled with to hold another policy. */
const VARIANTS = [
  undefined,
  'VIA_LOCALHOST_SOCKS',
  'FORCE_OS_TRUST_STORE',
  'LWS_WITH_SS_DIRECT_PROTOCOL_STR',
]

const quiet = { stdio: ['ignore', 'ignore', 'inherit'] }

async function unpack(pin) {
  const tarball = await cachedTarball(pin)
  rmSync(source, { recursive: true, force: true })
  mkdirSync(source, { recursive: true })
  run('tar', ['-xzf', tarball, '-C', source, '--strip-components=1'])
}

function buildLibrary() {
  const options = {
    LWS_WITH_SSL: 'OFF',
    LWS_WITHOUT_TESTAPPS: 'ON',
    LWS_WITH_SHARED: 'OFF',
    LWS_WITH_MINIMAL_EXAMPLES: 'OFF',
    LWS_WITH_SECURE_STREAMS: 'ON',
    LWS_ROLE_MQTT: 'ON',
    LWS_WITH_HTTP_UNCOMMON_HEADERS: 'ON',
    DISABLE_WERROR: 'ON',
    CMAKE_BUILD_TYPE: 'Release',
    CMAKE_C_FLAGS: SIGV4,
  }
  const flags = Object.entries(options).map(([name, value]) => `-D${name}=${value}`)
  run('cmake', ['-S', source, '-B', library, '-Wno-dev', ...flags], quiet)
  run('cmake', ['--build', library, '--parallel', '2', '--target', 'websockets'], quiet)
}

/** Links a C file with the stock library. */
function buildProgram(file, program) {
  const standIn = path.join(folder, 'sigv4.c')
  writeFileSync(standIn, SIGV4_STAND_IN)
  const files = [file, standIn, path.join(library, 'lib', 'libwebsockets.a')]
  run('cc', ['-o', program, ...upstreamHeaders, ...files, '-lm', '-lpthread'], quiet)
}

/** The C string literals behind each policy constant of a file, as the preprocessor leaves them. */
function literalsIn(file, variant) {
  // The includes have no part in the literals, and some are of systems that are not here.
  const text = readFileSync(file, 'utf8').replace(/^\s*#\s*include.*$/gm, '')
  const defines = variant === undefined ? [] : [`-D${variant}`]
  const seen = capture('cc', ['-E', '-P', '-w', '-x', 'c', ...defines, '-'], { input: text })
  if (!seen.ok) throw new Stop(`the preprocessor failed on ${file}: ${seen.stderr}`)
  const constants = /\bconst char \* ?const \w*policy =\s*((?:"(?:[^"\\\n]|\\.)*"\s*)+);/g
  return Array.from(seen.stdout.matchAll(constants), ([, literals]) => literals)
}

function nameOf(file) {
  const [parent, name] = path
    .relative(path.join(source, 'minimal-examples'), file)
    .split(path.sep)
    .slice(-2)
  const folderName = parent === 'main' ? file.split(path.sep).at(-3) : parent
  return `${folderName}-${name.replace(/\W/g, '-')}`.replace(/^minimal-secure-streams-/, '')
}

/** Lets the compiler, not a parser of ours, turn the literals into text. */
function writeLiterals(literals) {
  const rows = Array.from(literals, ([text, name]) => `{ "${name}", ${text} },`).join('\n')
  const file = path.join(folder, 'literals.c')
  const program = path.join(folder, 'literals')
  writeFileSync(
    file,
    `#include <stdio.h>
static const struct { const char *name, *text; } policies[] = {\n${rows}\n};
int main(void) {
  for (unsigned n = 0; n < sizeof(policies) / sizeof(*policies); n++) {
    FILE *f = fopen(policies[n].name, "w");
    if (!f || fputs(policies[n].text, f) < 0 || fclose(f))
      return 1;
  }
  return 0;
}
`,
  )
  run('cc', ['-o', program, file], quiet)
  run(program, [], { cwd: policies })
}

function extractPolicies() {
  rmSync(policies, { recursive: true, force: true })
  mkdirSync(policies, { recursive: true })
  const literals = new Map()
  const files = readdirSync(path.join(source, 'minimal-examples'), { recursive: true })
  for (const relative of files.sort()) {
    const file = path.join(source, 'minimal-examples', relative)
    if (/policy\.json$/.test(relative)) {
      writeFileSync(path.join(policies, `${nameOf(file)}.json`), readFileSync(file))
    } else if (/\.[ch]$/.test(relative)) {
      const text = readFileSync(file, 'utf8')
      const [, json] = /JSON policy\s*\*\/\s*#if 0\n(.*?)\n Original JSON size/s.exec(text) ?? []
      if (json?.trim()) writeFileSync(path.join(policies, `${nameOf(file)}.json`), json)
      if (!/const \w*policy =/.test(text)) continue
      for (const variant of VARIANTS) {
        for (const literal of literalsIn(file, variant)) {
          const suffix = variant === undefined ? '' : `-${variant}`
          if (!literals.has(literal)) literals.set(literal, `${nameOf(file)}${suffix}.json`)
        }
      }
    }
  }
  writeLiterals(literals)
}

/** Makes policy2c, the policies, and the program that prints what upstream's parser makes of one. */
export async function ensureUpstreamPolicies() {
  const pin = readPin()
  const stamp = path.join(folder, 'stamp')
  const printer = inRoot('test', 'policy', 'upstream')
  const state = stateOf([inRoot('scripts', 'upstream-policies.mjs'), printer], pin.sha256)
  if (hasStamp(stamp, state)) return
  say("building upstream's policy2c and collecting the policies of its examples: half a minute")
  if (!existsSync(path.join(source, POLICY2C))) await unpack(pin)
  buildLibrary()
  buildProgram(path.join(source, POLICY2C), path.join(folder, 'policy2c'))
  buildProgram(path.join(printer, 'print-parsed.c'), path.join(folder, 'print-parsed'))
  extractPolicies()
  writeStamp(stamp, state)
}

if (isMain(import.meta.url)) await main(() => withBuildLock(ensureUpstreamPolicies))
