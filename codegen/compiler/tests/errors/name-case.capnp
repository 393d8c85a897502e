@0xc1a3b5a1a1c00024;
struct lower {}
enum alsoLower {}
interface third {}
const Upper :Int32 = 1;
annotation Mark(*) :Void;
