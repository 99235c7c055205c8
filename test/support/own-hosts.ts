// Runs processes that see other files in the places of some system files.

import { spawnSync } from 'node:child_process'

// Who is not root may still be in a namespace of its own.
const unshare = `unshare ${process.getuid?.() === 0 ? '-m' : '-rm'}`

/** Whether processes can be run that have files of their own instead of those of the system. */
export function canReplaceFiles(): boolean {
  const probe = `exec ${unshare} mount --bind /dev/null /etc/hosts`
  return process.platform === 'linux' && spawnSync('/bin/sh', ['-c', probe]).status === 0
}

/** The `shell` of `runFixture()` for a process that finds other files in these places, by path. */
export function replacingFiles(files: Record<string, string>, command = ''): string {
  const mounts = Object.entries(files).map(([to, from]) => `mount --bind ${from} ${to} && `)
  return `exec ${unshare} /bin/sh -c '${mounts.join('')} exec ${command} "$0" "$@"' "$0" "$@"`
}
