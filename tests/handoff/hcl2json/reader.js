// HashiCorp's HCL parser behind a pipe: a line of JSON {name: text} in, a line {name: configuration} out.
const { parse } = require(process.argv[2] + '/node_modules/@cdktf/hcl2json');
const lines = require('readline').createInterface({ input: process.stdin });
(async () => {
  for await (const line of lines) {
    const answer = {};
    for (const [name, text] of Object.entries(JSON.parse(line))) {
      try {
        answer[name] = await parse(name, text);
      } catch (error) {
        answer[name] = { error: String(error.message || error) };
      }
    }
    process.stdout.write(JSON.stringify(answer) + '\n');
  }
})();
