const en = {
  lang: 'en',
  signIn: 'Sign in',
  signInTo: (client: string) => `to continue to ${client}`,
  username: 'Name',
  password: 'Password',
  newPassword: 'New password',
  newPasswordHint: 'Your password was for one sign-in. Choose one of your own, of at least 12 characters.',
  continue: 'Continue',
  wrong: 'Name or password is wrong.',
  throttled: 'Too many wrong passwords. Wait five minutes and try again.',
  tooShort: 'The new password must have at least 12 characters, and differ from the old one.',
  consent: 'Allow access?',
  consentTo: (client: string) => `${client} wants to:`,
  scopes: {
    openid: 'know who you are',
    profile: 'see your name and your roles',
    offline_access: 'stay signed in while you are away',
  } as Record<string, string>,
  actForYou: 'call the services of this platform with your permissions',
  goesTo: (host: string) => `You come back to ${host}.`,
  goesToDevice: 'You go back to the device that asked for it.',
  signedInAs: (username: string) => `You are signed in as ${username}.`,
  allow: 'Allow',
  deny: 'Deny',
  goneTitle: 'This page has ended',
  device: 'Sign in a device',
  deviceHint: 'Enter the code that your device or your terminal shows.',
  code: 'Code',
  wrongCode: 'There is no such code, or it has ended. Compare it, or begin again on the device.',
  stopped: 'You stopped it. Nobody was signed in.',
  deviceConfirm: 'Is this your code?',
  deviceConfirmHint: (client: string) =>
    `${client} wants to be signed in as you. Go on only if your own device shows this code now.`,
  deviceYes: 'Yes, go on',
  deviceNo: 'No, stop',
  deviceDone: 'Done',
  deviceDoneHint: 'Your device is signed in. You can close this page.',
  gone: 'It was open too long, or has been used already. Go back to the application and sign in again.',
  failedTitle: 'This did not work',
  failed: 'Something failed on our side. Go back to the application and try again.',
};

const zh: typeof en = {
  lang: 'zh-CN',
  signIn: '登录',
  signInTo: (client) => `以继续使用 ${client}`,
  username: '用户名',
  password: '密码',
  newPassword: '新密码',
  newPasswordHint: '您的密码只能用于一次登录。请设置您自己的密码，至少 12 个字符。',
  continue: '继续',
  wrong: '用户名或密码错误。',
  throttled: '密码错误次数过多，请五分钟后再试。',
  tooShort: '新密码至少需要 12 个字符，且不能与旧密码相同。',
  consent: '是否允许访问？',
  consentTo: (client) => `${client} 希望：`,
  scopes: { openid: '确认您的身份', profile: '查看您的名称和角色', offline_access: '在您离开时保持登录状态' },
  actForYou: '以您的权限调用本平台的服务',
  goesTo: (host) => `完成后将返回 ${host}。`,
  goesToDevice: '完成后请回到发起请求的设备。',
  signedInAs: (username) => `您当前登录为 ${username}。`,
  allow: '允许',
  deny: '拒绝',
  goneTitle: '此页面已失效',
  device: '登录设备',
  deviceHint: '请输入设备或终端上显示的代码。',
  code: '代码',
  wrongCode: '代码不存在或已失效。请核对，或在设备上重新开始。',
  stopped: '您已取消，没有登录任何设备。',
  deviceConfirm: '这是您的代码吗？',
  deviceConfirmHint: (client) => `${client} 希望以您的身份登录。仅当您自己的设备此刻显示该代码时才继续。`,
  deviceYes: '是，继续',
  deviceNo: '否，取消',
  deviceDone: '已完成',
  deviceDoneHint: '您的设备已登录，可以关闭此页面。',
  gone: '页面打开时间过长，或已被使用。请返回应用重新登录。',
  failedTitle: '操作未成功',
  failed: '服务器出现问题。请返回应用重试。',
};

export type Texts = typeof en;

/** The texts of the first language asked for that we have: `ui_locales` of the client before what the browser says. */
export function textsFor(uiLocales: string | undefined, acceptLanguage: string | undefined): Texts {
  const asked = [...(uiLocales ?? '').split(' '), ...(acceptLanguage ?? '').split(',')];
  for (const language of asked.map((text) => text.trim().toLowerCase())) {
    if (language.startsWith('zh')) return zh;
    if (language.startsWith('en')) return en;
  }
  return en;
}
