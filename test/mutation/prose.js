/**
 * Leaves out mutants in texts that only people read: their words are in the README, which test/docs compares with the code
 * (`about`), or in the help (`HELP`). Unit tests that repeat them would only have to be changed whenever they are.
 */
const value = {
  shouldIgnore({ node, parent, parentPath }) {
    if (parent?.type === 'VariableDeclarator' && parent.id.name === 'HELP') return 'help, for people';
    if (parent?.type === 'ObjectProperty' && parent.key.name === 'about') return 'description, for people';
    const isLast = parent?.type === 'CallExpression' && parent.arguments.at(-1) === node && parent.arguments.length > 1;
    const isVariable = parentPath?.parent?.type === 'ObjectProperty' && /^[A-Z_]+$/.test(parentPath.parent.key.name);
    return isLast && isVariable && node.type === 'StringLiteral' ? 'description, for people' : undefined;
  },
};

export const strykerPlugins = [{ kind: 'Ignore', name: 'prose', value }];
