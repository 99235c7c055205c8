// A root of a Debian release with its own nodejs, made by debootstrap from the mirror that apt uses.
import { existsSync, realpathSync, rmSync } from 'node:fs'
import path from 'node:path'
import { Stop, say } from './console.mjs'
import { inRoot, root } from './paths.mjs'
import { capture, which } from './processes.mjs'

function mirror() {
  const { stdout } = capture('apt-get', [
    ...['indextargets', '--format', '$(REPO_URI)'],
    ...['Created-By: Packages', 'Label: Debian'],
  ])
  return stdout.split('\n', 1)[0]
}

/** Why there can be no root on this system, if so. */
export function whyNoRoot() {
  if (process.platform !== 'linux' || process.getuid() !== 0) return 'it takes root on Linux'
  if (!which('debootstrap')) return 'debootstrap is not installed'
  if (!capture('unshare', ['-m', 'true']).ok) return 'file systems cannot be mounted here'
  return mirror() ? undefined : 'apt knows no mirror of Debian'
}

/** Makes the root, at the first time, and returns its folder. */
export function debianRoot(release) {
  const folder = inRoot('build', 'hosts', release)
  if (existsSync(path.join(folder, 'usr', 'bin', 'nodejs'))) return folder
  say(`making a root of Debian ${release}: some minutes`)
  const packages = '--include=nodejs,ca-certificates'
  // What it mounts there must not be there any more when the folder is removed.
  const command = ['-m', 'debootstrap', '--variant=minbase', packages, release, folder, mirror()]
  const { ok, stdout, stderr } = capture('unshare', command)
  if (ok) return folder
  rmSync(folder, { recursive: true, force: true })
  throw new Stop(`debootstrap failed: ${(stdout + stderr).trim().split('\n').at(-1)}`)
}

const SHARED = ['/dev', '/proc', '/etc/hosts']

/** Runs the root's nodejs, which sees this project where it lies. */
export function runInRoot(folder, args) {
  // The dependencies may be a link to elsewhere.
  const shared = [...SHARED, root, realpathSync(inRoot('node_modules'))]
  const binding = shared.map((file) => {
    const place = path.join(folder, file)
    const make = file === '/etc/hosts' ? `touch ${place}` : `mkdir -p ${place}`
    return `${make} && mount --rbind ${file} ${place}`
  })
  const script = [...binding, `exec chroot ${folder} /usr/bin/nodejs "$@"`].join(' && ')
  return capture('unshare', ['-m', '/bin/sh', '-c', script, 'sh', ...args])
}
