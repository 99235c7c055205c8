// Finds the blocks of code in the documents.

import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

/** A block of code in README.md or docs/. */
export interface Block {
  readonly document: string
  readonly line: number
  readonly language: string
  /** As a program of its own, with what the documents introduce, or by README.md's policies: see docs/building.md. */
  readonly way: 'run' | 'use' | 'swap' | undefined
  readonly code: string
}

/** The folder that the blocks are put into. */
export const blocksFolder = path.resolve('build', 'docs')

/** All blocks in one of the languages. */
export function blocksOf(...languages: string[]): Block[] {
  const docs = readdirSync('docs').filter((name) => name.endsWith('.md'))
  return ['README.md', ...docs.map((name) => path.join('docs', name))].flatMap((document) => {
    const text = readFileSync(document, 'utf8')
    const fences = text.matchAll(/^```(\w+)\b([^\n]*)\n(.*?)^```$/gms)
    return Array.from(fences, ({ index, 1: language = '', 2: info = '', 3: code = '' }) => {
      const line = text.slice(0, index).split('\n').length
      const way = /\b(run|use|swap)\b/.exec(info)?.[1] as Block['way']
      return { document, line, language, way, code }
    }).filter(({ language }) => languages.includes(language))
  })
}

/** The name of a file for the block, without extension. */
export const blockName = ({ document, line }: Block) =>
  `${document.replace(/\W+/g, '-')}-line-${line}`
