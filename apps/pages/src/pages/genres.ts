import type { Language } from './page.ts';

const CHINESE: Record<string, string> = {
  Action: '动作',
  Adventure: '冒险',
  'Black Comedy': '黑色喜剧',
  Comedy: '喜剧',
  'Concert/Performance': '音乐会',
  Documentary: '纪录片',
  Drama: '剧情',
  Horror: '恐怖',
  Musical: '歌舞',
  'Romantic Comedy': '爱情喜剧',
  'Thriller/Suspense': '惊悚',
  Western: '西部',
};

export const genreIn = (language: Language, genre: string): string =>
  (language === 'zh' ? CHINESE[genre] : genre) ?? genre;
