import { defineConfig, type ViteUserConfig } from 'vitest/config'

/** Tests of the built program against real peers and a real browser; `.ci/run` installs both. One file at a time: they share two cores. */
const config: ViteUserConfig = defineConfig({
  test: {
    // The host's tests compare with node_exporter where it is installed: here it is.
    include: ['conformance/**/*.test.ts', 'packages/host/src/collect.test.ts'],
    pool: 'threads',
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 60_000,
  },
})

export default config
