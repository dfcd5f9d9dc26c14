import type { ColorTheme } from '@promontory/panels'
import { useMemo } from 'react'
import { seriesColors, themeColor } from '../../../parts/palette.ts'
import { useTheme } from '../../../shell/theme.ts'

/** The page's palette as panels take it. */
export function useColorTheme(): ColorTheme {
  const [theme] = useTheme()
  return useMemo(
    () => ({
      isDark: theme === 'dark',
      series: seriesColors(),
      text: themeColor('--text'),
      ground: themeColor('--surface'),
    }),
    [theme],
  )
}
