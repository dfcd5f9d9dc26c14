export * from './cluster.ts'
export * from './consul-agent.ts'
export * from './docker-api.ts'
export * from './kubernetes-api.ts'
