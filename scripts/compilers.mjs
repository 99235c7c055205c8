// Whether there are compilers where their programs alone do not tell.
import path from 'node:path'

const VC_TOOLS = {
  x64: 'Microsoft.VisualStudio.Component.VC.Tools.x86.x64',
  arm64: 'Microsoft.VisualStudio.Component.VC.Tools.ARM64',
}

/** Whether Visual Studio is there with its C++ tools; `cl` itself is on the PATH of its own prompt alone. */
export function hasVisualStudio({ arch, env, which, capture }) {
  if (which('cl')) return true
  const programs = env['ProgramFiles(x86)'] ?? 'C:\\Program Files (x86)'
  const vswhere = path.win32.join(programs, 'Microsoft Visual Studio', 'Installer', 'vswhere.exe')
  const query = ['-products', '*', '-requires', VC_TOOLS[arch], '-property', 'installationPath']
  return capture(vswhere, query).stdout.trim() !== ''
}

/** Whether macOS has its compilers; without them, programs of their names ask for an installation. */
export const hasXcodeTools = ({ capture }) => capture('xcode-select', ['-p']).ok
