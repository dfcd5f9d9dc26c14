/** The name to show for a file: as the configuration writes it when it lies beside or below that. */
export function fileNextTo(configFile: string | undefined, file: string): string {
  const directory = configFile?.slice(0, configFile.lastIndexOf('/') + 1) ?? ''
  return directory.length > 1 && file.startsWith(directory) ? file.slice(directory.length) : file
}
