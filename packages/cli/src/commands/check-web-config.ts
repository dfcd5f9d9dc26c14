import { readWebConfig } from '@promontory/server/config'

/** `promontory check web-config FILE…`: reads each file and the certificates that it names, and says what is wrong. */
export function checkWebConfigs(files: readonly string[]): number {
  let code = 0
  for (const file of files) {
    try {
      readWebConfig(file)
      process.stderr.write(`${file} SUCCESS\n`)
    } catch (error) {
      process.stderr.write(`${file} FAILED: ${(error as Error).message}\n`)
      code = 1
    }
  }
  return code
}
