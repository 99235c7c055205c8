// The public module `lws-secure-streams/policy`, for ES modules.
export * from './index.js'
