# Text blocks: each line from a backtick to its end, joined, every line ended by one newline. Releases before 1.0 refuse this.
@0xb6a3b5a1a1c0f025;

const one :Text = `A line.
  ;
const several :Text =
  `First "quoted" \n stays.
  `  Two blanks in front.   
  `

  `After an empty one. # no comment ; } `
  ;
const joined :Text = "text "
  `block
  "text again";
const data :Data = `bytes
  ;
struct Defaults { a @0 :Text = `default
  ; b @1 :List(Text) = ["plain", `first of list
    , `second
  ]; }
annotation note(*) :Text;
struct Annotated $note(`noted
  ) {}
