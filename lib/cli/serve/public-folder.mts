// Which files of a directory `lws-ss serve` gives away, and where they are.
import { constants } from 'node:fs'
import { type FileHandle, open, readdir, realpath, stat } from 'node:fs/promises'
import path from 'node:path'
import { CommandError } from '../command-error.mjs'
import { ExitStatus } from '../exit-status.mjs'

/** What is at a place. */
export interface Found {
  /** Without symbolic links in it. */
  readonly path: string
  readonly isDirectory: boolean
  readonly isFile: boolean
}

/** A file that is there, and cannot be read. */
export class Unreadable extends Error {}

// What begins with a dot is hidden, `..` among it.
const isPublic = (name: string) => !name.startsWith('.') && !/[/\\\0]/.test(name)

// A pipe would keep whoever opens it waiting.
const READ = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | (constants.O_NOFOLLOW ?? 0)

function orNothing(error: NodeJS.ErrnoException): undefined {
  if (error.code === 'EACCES' || error.code === 'EPERM') throw new Unreadable()
  if (['ENOENT', 'ENOTDIR', 'ELOOP', 'ENAMETOOLONG', 'ENXIO'].includes(error.code ?? '')) return
  throw error
}

/** A directory, of which nothing is given away that is hidden, or that lies outside of it. */
export class PublicFolder {
  readonly root: string

  private constructor(root: string) {
    this.root = root
  }

  /** @throws CommandError unless it is a directory that can be read */
  static async open(directory: string): Promise<PublicFolder> {
    try {
      await readdir(directory)
      return new PublicFolder(await realpath(directory))
    } catch (error) {
      throw new CommandError(
        `the directory cannot be read: ${(error as Error).message}`,
        ExitStatus.Failed,
      )
    }
  }

  /** The names in the path of a request's target; `undefined` when one of them cannot be a public one. */
  static namesIn(target: string): string[] | undefined {
    const [given = ''] = target.split('?', 1)
    try {
      const names = given.split('/').map(decodeURIComponent).filter(Boolean)
      return names.every(isPublic) ? names : undefined
    } catch {
      return undefined
    }
  }

  /** @throws Unreadable */
  async find(names: readonly string[]): Promise<Found | undefined> {
    try {
      const found = await realpath(path.join(this.root, ...names))
      if (!this.namesOf(found).every(isPublic)) return undefined
      const status = await stat(found)
      return { path: found, isDirectory: status.isDirectory(), isFile: status.isFile() }
    } catch (error) {
      return orNothing(error as NodeJS.ErrnoException)
    }
  }

  /** The names on the way from the root; the first is `..` when that does not lead there. */
  namesOf(found: string): string[] {
    return path.relative(this.root, found).split(path.sep).filter(Boolean)
  }

  /** @throws Unreadable */
  async open({ path: found }: Found): Promise<FileHandle | undefined> {
    return open(found, READ).catch(orNothing)
  }

  /** What is in a directory, in order; the names of directories end in a slash. */
  async list(names: readonly string[], { path: found }: Found): Promise<string[]> {
    const all = (await readdir(found, { withFileTypes: true }).catch(orNothing)) ?? []
    const listed = all
      .filter(({ name }) => isPublic(name))
      .map(async (entry) => {
        // Where a link leads is to be seen.
        const child = entry.isSymbolicLink()
          ? await this.find([...names, entry.name]).catch(() => undefined)
          : { isDirectory: entry.isDirectory(), isFile: entry.isFile() }
        if (child?.isDirectory) return `${entry.name}/`
        return child?.isFile ? entry.name : []
      })
    const { compare } = new Intl.Collator('en', { numeric: true })
    return (await Promise.all(listed)).flat().sort(compare)
  }
}
