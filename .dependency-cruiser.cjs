// Holds the imports of lib/ to one direction. `npm run lint` runs it; types count as much as code.

/** The parts of lib/, and which other parts each may import. A part that is not here may import none. */
const IMPORTS = {
  arguments: [],
  channels: [],
  'on-abort': [],
  registry: [],
  state: ['arguments'],
  errors: ['state'],
  policy: ['errors'],
  addon: ['errors', 'state'],
  streamtypes: ['addon', 'arguments', 'errors', 'policy'],
  messages: ['addon', 'arguments', 'errors', 'on-abort', 'state'],
  trust: ['arguments', 'errors', 'policy'],
  cookies: ['addon', 'errors'],
  signing: ['addon'],
  streams: [
    ...['addon', 'arguments', 'channels', 'errors', 'messages', 'on-abort', 'state'],
    'streamtypes',
  ],
  requests: [
    ...[
      'addon',
      'arguments',
      'channels',
      'errors',
      'messages',
      'on-abort',
      'state',
      'streams',
      'streamtypes',
    ],
  ],
  serving: [
    ...[
      'addon',
      'arguments',
      'channels',
      'errors',
      'messages',
      'on-abort',
      'policy',
      'registry',
      'state',
    ],
    ...['streams', 'streamtypes', 'trust'],
  ],
  context: [
    ...['addon', 'arguments', 'channels', 'cookies', 'errors', 'messages', 'on-abort', 'policy'],
    ...['registry', 'requests', 'serving', 'signing', 'state', 'streams', 'streamtypes', 'trust'],
  ],
  platforms: ['addon', 'index'],
  cli: [
    ...['addon', 'context', 'errors', 'messages', 'policy', 'requests', 'serving', 'state'],
    ...['streams', 'streamtypes', 'trust'],
  ],
}

/** The folders of lib/policy, in the order in which they build on each other. */
const POLICY = ['table', 'form', 'read', 'check', 'write']

const ENTRY_POINTS = '^lib/((index|policy/index|cli/main)\\.mts|platforms/[^/]+\\.ts)$'

/** A part is a folder, or one file of that name. */
const isPart = (names) => `^lib/(${names.join('|')})(/|\\.m?ts$)`

const directions = Object.entries(IMPORTS).map(([part, others]) => ({
  name: `lib/${part}`,
  comment: `lib/${part} may import ${others.join(', ') || 'nothing else of lib/'}.`,
  severity: 'error',
  from: { path: isPart([part]) },
  to: { path: '^lib/', pathNot: isPart([part, ...others]) },
}))

const policyDirections = POLICY.map((folder, at) => ({
  name: `lib/policy/${folder}`,
  comment: 'The folders of lib/policy import only those that come before them.',
  severity: 'error',
  from: { path: `^lib/policy/${folder}/` },
  to: { path: '^lib/policy/', pathNot: `^lib/policy/(${POLICY.slice(0, at + 1).join('|')})/` },
}))

module.exports = {
  forbidden: [
    ...directions,
    ...policyDirections,
    {
      name: 'known-part',
      comment: 'Each folder of lib/ has to be in the list of what it may import.',
      severity: 'error',
      from: { path: '^lib/', pathNot: `${isPart([...Object.keys(IMPORTS), 'index'])}` },
      to: {},
    },
    {
      name: 'no-circle-of-folders',
      comment: 'Folders that import each other cannot be read or changed one at a time.',
      severity: 'error',
      scope: 'folder',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-circle-of-files',
      comment: 'A circle of files stays inside one folder.',
      severity: 'error',
      from: { path: '^(lib/|lib/.+/)[^/]+$' },
      to: { circular: true, pathNot: '^$1[^/]+$' },
    },
    {
      name: 'no-orphan',
      comment: 'No entry point of the package reaches this file: nobody can use it.',
      severity: 'error',
      from: { path: ENTRY_POINTS },
      to: { path: '^lib/', pathNot: [ENTRY_POINTS, '\\.d\\.ts$'], reachable: false },
    },
    {
      name: 'native-file',
      comment: 'Only lib/addon finds and loads the native file.',
      severity: 'error',
      from: { pathNot: '^lib/(addon|platforms)/' },
      to: { path: '(\\.node$|node-gyp-build)' },
    },
    {
      name: 'resolvable',
      comment: 'An import that cannot be followed is not checked by any of these rules.',
      severity: 'error',
      from: {},
      // Those of other platforms may be there or not.
      to: { couldNotResolve: true, pathNot: '\\.node$' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    // Imports of types are gone after compilation, and count all the same.
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      extensions: ['.ts', '.mts', '.js', '.mjs', '.d.ts'],
      exportsFields: ['exports'],
      conditionNames: ['types', 'import', 'require', 'node', 'default'],
    },
  },
}
