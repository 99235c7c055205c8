// Run by `npm run test:hosts` in programs that cannot have the addon: prints what the package says there,
// as JSON, and then has nothing more to do.
import { AddonLoadError, openContext } from 'lws-secure-streams'
import { checkPolicy } from 'lws-secure-streams/policy'

const policy = { s: [{ a: { endpoint: 'localhost', port: 1, protocol: 'h1' } }] }
const hasPolicyHalf = Array.isArray(checkPolicy(policy))

try {
  const context = await openContext({ policy })
  await context.close()
  console.log(JSON.stringify({ hasPolicyHalf, says: 'opened a context' }))
} catch (error) {
  const isRefusal = error instanceof AddonLoadError && error.code === 'ERR_SS_ADDON_LOAD'
  console.log(JSON.stringify({ hasPolicyHalf, isRefusal, says: error.message }))
}
