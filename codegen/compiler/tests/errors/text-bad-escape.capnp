@0xc1a3b5a1a1c00008;
const t :Text = "\q";
