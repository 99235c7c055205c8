// What an addon takes from elsewhere, and what a Node exports: read from ELF, Mach-O and PE by LLVM.
import { Stop } from '../console.mjs'
import { findTool, requireTools } from '../prerequisites.mjs'
import { capture } from '../processes.mjs'

function llvm(tool, args) {
  requireTools(['llvm-readobj'])
  const result = capture(findTool(tool), args)
  if (!result.ok) throw new Stop(`${tool} ${args.join(' ')}: ${result.stderr.trim()}`)
  return result.stdout
}

const linesOf = (text) =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean)
const withoutVersion = (symbol) => symbol.split('@')[0]
// In Mach-O, each name of C has an underscore before it.
const withoutUnderscore = (symbol) => symbol.replace(/^_/, '')

function elfNeeds(file) {
  const symbols = linesOf(llvm('llvm-nm', ['--dynamic', '--undefined-only', file]))
    // A weak one (w) may be missing.
    .filter((line) => /^U /.test(line))
    .map((line) => line.slice(2))
  const dynamic = llvm('llvm-readobj', ['--needed-libs', file])
  return {
    symbols: symbols.filter((symbol) => !symbol.includes('@')),
    versions: symbols
      .filter((symbol) => symbol.includes('@'))
      .map((symbol) => symbol.split(/@+/))
      .map(([symbol, version]) => ({ symbol, version })),
    libraries: linesOf(dynamic.match(/NeededLibraries \[([^\]]*)\]/)?.[1] ?? ''),
  }
}

function machoNeeds(file) {
  const lines = linesOf(llvm('llvm-nm', ['-m', '--undefined-only', file]))
  const found = lines.map((line) => line.match(/external (\S+)(?: \((?:from (\S+)|.*)\))?$/))
  // A library is among those that it names.
  const [, ...itself] = linesOf(llvm('llvm-objdump', ['--macho', '--dylib-id', file]))
  return {
    symbols: found.filter(([, , from]) => !from).map(([, symbol]) => withoutUnderscore(symbol)),
    versions: [],
    libraries: linesOf(llvm('llvm-objdump', ['--macho', '--dylibs-used', file]))
      .map((line) => line.match(/^(\S+) \(compat/)?.[1])
      .filter((name) => name && !itself.includes(name)),
  }
}

function peNeeds(file) {
  const blocks = llvm('llvm-readobj', ['--coff-imports', file]).split(/^(?=(?:Delay)?Import \{)/m)
  const imports = blocks
    .map((block) => ({
      library: block.match(/Name: (\S+)/)?.[1],
      symbols: [...block.matchAll(/Symbol: (\S+)/g)].map(([, symbol]) => symbol),
    }))
    .filter(({ library }) => library)
  const isNode = ({ library }) => library.toLowerCase() === 'node.exe'
  return {
    symbols: imports.filter(isNode).flatMap(({ symbols }) => symbols),
    versions: [],
    libraries: imports.filter((one) => !isNode(one)).map(({ library }) => library),
  }
}

/**
 * What an addon needs: the `symbols` that whoever loads it has to have, those that a library has in
 * a certain `version`, and the `libraries`.
 */
export function needsOf(file, platform) {
  if (platform === 'darwin') return machoNeeds(file)
  return platform === 'win32' ? peNeeds(file) : elfNeeds(file)
}

/** The names that a program exports to its addons. */
export function exportsOf(file, platform) {
  if (platform === 'win32') {
    const text = llvm('llvm-readobj', ['--coff-exports', file])
    return new Set([...text.matchAll(/^ {2}Name: (\S+)$/gm)].map(([, name]) => name))
  }
  const where = platform === 'darwin' ? '--extern-only' : '--dynamic'
  const args = [where, '--defined-only', '--format=just-symbols', file]
  const names = linesOf(llvm('llvm-nm', args))
  return new Set(names.map(platform === 'darwin' ? withoutUnderscore : withoutVersion))
}
