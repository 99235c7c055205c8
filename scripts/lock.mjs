// One build at a time in one checkout, however many commands ask for it.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { say } from './console.mjs'
import { inRoot } from './paths.mjs'

const fileOf = (name) => inRoot('build', `.lock${name}`)

function holder(file) {
  try {
    const pid = Number(readFileSync(file, 'utf8'))
    // A holder that has just made the file may not have written its number yet.
    if (!pid) return undefined
    process.kill(pid, 0)
    return pid
  } catch (error) {
    return error.code === 'EPERM' ? -1 : undefined
  }
}

function take(file) {
  mkdirSync(path.dirname(file), { recursive: true })
  try {
    writeFileSync(file, String(process.pid), { flag: 'wx' })
    return true
  } catch (error) {
    if (error.code !== 'EEXIST') throw error
    return false
  }
}

/** Does `work` when nobody else in this checkout does work of that name. */
export async function withBuildLock(work, name = '') {
  const file = fileOf(name)
  let said = false
  for (let idle = 0; !take(file); ) {
    idle = holder(file) === undefined ? idle + 1 : 0
    if (idle > 2) rmSync(file, { force: true })
    else if (idle === 0 && !said) {
      say('another build of this checkout is under way: waiting for it')
      said = true
    }
    await sleep(200)
  }
  try {
    return await work()
  } finally {
    rmSync(file, { force: true })
  }
}
