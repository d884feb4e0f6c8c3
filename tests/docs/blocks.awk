# The fenced code blocks of a Markdown page: awk -v folder=DIR -f blocks.awk PAGE
#
# Each block's text goes to DIR/NUMBER. Printed for each, separated by the character US (037): its number, the line that opens it, its
# language, and the mark: the text of an HTML comment that stands alone on the line above, blank lines aside. A mark of
# the page, "place: …" or "every block: …", is printed as block 0.

function trim(text) {
  gsub(/^[ \t]+|[ \t]+$/, "", text)
  return text
}

# unindent LINE: without the spaces that the fence has before it
function unindent(line) {
  match(line, /^ */)
  return substr(line, (RLENGTH < indent ? RLENGTH : indent) + 1)
}

function fence_of(line) {
  match(line, /^ *(```+|~~~+)/)
  return RSTART ? trim(substr(line, RSTART, RLENGTH)) : ""
}

inside && fence_of($0) == fence && trim($0) == fence {
  close(file)
  inside = 0
  next
}

inside {
  print unindent($0) >file
  next
}

fence_of($0) != "" {
  fence = fence_of($0)
  match($0, /^ */)
  indent = RLENGTH
  language = trim(substr($0, indent + length(fence) + 1))
  number++
  file = folder "/" number
  printf "" >file
  printf "%d\037%d\037%s\037%s\n", number, FNR, language == "" ? "none" : language, mark
  mark = ""
  inside = 1
  next
}

/^ *<!--.*--> *$/ {
  mark = $0
  gsub(/^ *<!-- *| *--> *$/, "", mark)
  if (mark ~ /^(place|every block):/) {
    printf "0\037%d\037\037%s\n", FNR, mark
    mark = ""
  }
  next
}

!/^[ \t]*$/ {
  mark = ""
}

END {
  if (inside) printf "0\037%d\037\037open: the block that begins above does not end\n", FNR
}
