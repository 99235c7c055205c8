// The systems that programs are to be installed on, by what they say of themselves.
import { existsSync, readFileSync } from 'node:fs'
import { capture, which } from './processes.mjs'

/** By the names in os-release; derived systems name these in ID_LIKE. */
const LINUX = {
  alpine: 'alpine',
  arch: 'arch',
  debian: 'debian',
  ubuntu: 'debian',
  fedora: 'fedora',
  rhel: 'fedora',
  centos: 'fedora',
  amzn: 'fedora',
  suse: 'suse',
  opensuse: 'suse',
  sles: 'suse',
}

/** How packages are installed. */
export const INSTALL = {
  alpine: 'apk add',
  arch: 'pacman -S',
  debian: 'apt-get install',
  fedora: 'dnf install',
  suse: 'zypper install',
}

/** Which of them a Linux is, by its os-release; `undefined` for one that is none of them. */
export function linuxOf(osRelease) {
  const value = (name) =>
    new RegExp(`^${name}=["']?([^"'\n]*)`, 'm').exec(osRelease)?.[1].toLowerCase() ?? ''
  const names = [value('ID'), ...value('ID_LIKE').split(' ')]
  return names.map((name) => LINUX[name.replace(/-.*/, '')]).find(Boolean)
}

const OS_RELEASE = ['/etc/os-release', '/usr/lib/os-release'].find((file) => existsSync(file))

/** What prerequisites are looked for in. */
export const thisSystem = {
  platform: process.platform,
  arch: process.arch,
  env: process.env,
  osRelease: OS_RELEASE ? readFileSync(OS_RELEASE, 'utf8') : '',
  which,
  capture,
  exists: existsSync,
}
