@0xc1a3b5a1a1c00069;
const a :Bool = yes;
const b :Text = null;
const c :Int32 = inf;
