/** Code put together from parts, with each line indented by the brackets that are open around it. */
export function indent(code) {
  /** For each open bracket whether it indents: of several that a line leaves open, one does. */
  const open = [];
  let comment = false;
  const lines = code.split('\n').map((line) => {
    const text = line.trim();
    if (text === '') return '';
    if (comment || text.startsWith('/*')) {
      comment = !text.endsWith('*/');
      return `${tabs(open)}${text.startsWith('*') ? ' ' : ''}${text}`;
    }
    const brackets = text.replaceAll(/'(?:[^'\\]|\\.)*'|\/\/.*/g, '').match(/[([{}\])]/g) ?? [];
    const leading = /^[)\]}]*/.exec(text)[0].length;
    let start = open.length;
    let indentation = tabs(open);
    for (const [index, bracket] of brackets.entries()) {
      if ('([{'.includes(bracket)) open.push(open.length === start);
      else {
        open.pop();
        start = Math.min(start, open.length);
        if (index < leading) indentation = tabs(open);
      }
    }
    return indentation + text;
  });
  return lines.filter((line, index) => line !== '' || lines[index - 1] !== '').join('\n');
}

const tabs = (open) => '  '.repeat(open.filter(Boolean).length);
