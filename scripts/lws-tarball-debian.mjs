// Fetches the release archive of libwebsockets through the machine's apt.

import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { say } from './console.mjs'
import { capture, which } from './processes.mjs'

const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg'
const SUITE = 'trixie'
const APT_HELPER = '/usr/lib/apt/apt-helper'

/** The Debian archives that this machine's apt already uses. */
function archives() {
  const format = '$(ORIGIN)/$(LABEL) $(REPO_URI)'
  const targets = capture('apt-get', ['indextargets', '--format', format]).stdout
  const known = [...targets.matchAll(/^Debian\/Debian (\S+)$/gm)].map(([, uri]) => uri)
  // Before the first `apt-get update` apt knows no origins; the keyring keeps strangers out as well.
  const listed = capture('apt-get', ['update', '--print-uris']).stdout
  const configured = [...listed.matchAll(/^'(\S+?\/)dists\/(\S+)\/InRelease'/gm)]
    .filter(([, , suite]) => !suite.endsWith('-security'))
    .map(([, uri]) => uri)
  return [...new Set(known.length > 0 ? known : configured)].slice(0, 4)
}

/** apt options that keep every list, cache and setting of the machine's own apt out of this. */
function privateOptions(folder) {
  const list = path.join(folder, 'sources.list')
  for (const name of ['lists/partial', 'cache/archives/partial', 'state']) {
    mkdirSync(path.join(folder, name), { recursive: true })
  }
  return [
    `Dir::Etc::sourcelist=${list}`,
    'Dir::Etc::sourceparts=/dev/null',
    `Dir::State=${folder}/state`,
    `Dir::State::lists=${folder}/lists`,
    `Dir::Cache=${folder}/cache`,
    'APT::Sandbox::User=root',
    'Acquire::Retries=1',
    'Acquire::http::Timeout=15',
    'Acquire::https::Timeout=15',
    'Acquire::Languages=none',
    'APT::Update::Error-Mode=any',
  ].flatMap((option) => ['-o', option])
}

function fetchFrom(archive, pin, destination, folder) {
  const options = privateOptions(folder)
  writeFileSync(
    path.join(folder, 'sources.list'),
    `deb-src [signed-by=${KEYRING}] ${archive} ${SUITE} main\n`,
  )
  const update = capture('apt-get', [...options, 'update'])
  if (!update.ok) return `apt-get update: ${update.stderr.trim().split('\n')[0]}`
  const uris = capture('apt-get', [...options, 'source', '--print-uris', 'libwebsockets'])
  const wanted = `libwebsockets_${pin.version}.orig.tar.gz`
  const line = uris.stdout.split('\n').find((text) => text.includes(` ${wanted} `))
  const uri = line?.match(/^'([^']+)'/)?.[1]
  if (!uri) return `${SUITE} there has no ${wanted}`
  const fetched = capture(APT_HELPER, [
    ...options,
    'download-file',
    uri,
    destination,
    `SHA256:${pin.sha256}`,
  ])
  return fetched.ok ? undefined : `apt-helper: ${fetched.stderr.trim().split('\n')[0]}`
}

/**
 * Fetches the pinned tarball as Debian's source package. Returns undefined when it did, else the
 * reason why not.
 */
export function fetchFromDebian(pin, destination) {
  if (!which('apt-get') || !existsSync(APT_HELPER)) return 'no apt on this machine'
  if (!existsSync(KEYRING)) return "Debian's archive keyring is not installed"
  const found = archives()
  if (found.length === 0) return 'no Debian archive in the apt configuration'
  say(`fetching libwebsockets ${pin.version} (15 MB): Debian's source package`)
  let reason
  for (const archive of found) {
    const folder = mkdtempSync(path.join(tmpdir(), 'lws-apt-'))
    try {
      reason = fetchFrom(archive, pin, destination, folder)
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
    if (reason === undefined) return undefined
  }
  return reason
}
