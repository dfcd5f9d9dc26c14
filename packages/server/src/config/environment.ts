/**
 * Go's `os.Expand` with the environment: `$NAME`, `${NAME}`, and `$$` for a dollar. Unset variables are empty.
 * @param missing is called with the name of each unset or empty variable
 */
export function expandEnvironment(
  text: string,
  environment: Readonly<Record<string, string | undefined>>,
  missing: (name: string) => void,
): string {
  return text.replace(
    /\$(?:\{([^}]*)\}|([A-Za-z_][A-Za-z0-9_]*)|([*#$@!?\-0-9]))/g,
    (_whole, braced?: string, name?: string, special?: string) => {
      const wanted = braced ?? name ?? special!
      if (wanted === '$') return '$'
      const value = environment[wanted] ?? ''
      if (value === '') missing(wanted)
      return value
    },
  )
}
