@0xc1a3b5a1a1c00011;
const n :Float64 = .5;
