import react from '@vitejs/plugin-react'
import { defineConfig, type UserConfig } from 'vite'

const config: UserConfig = defineConfig({
  plugins: [react()],
  // Relative, so that the pages work below any --web.route-prefix.
  base: './',
  build: { target: 'es2022', sourcemap: false, chunkSizeWarningLimit: 700 },
  server: { proxy: { '/api': 'http://127.0.0.1:9090', '/metrics': 'http://127.0.0.1:9090' } },
})
export default config
