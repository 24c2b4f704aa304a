-- A visitor who asks for a consultation, another one each time. The first argument is a seed.
function init(arguments)
  math.randomseed(tonumber(arguments[1]))
end

local function hexadecimal(digits)
  local found = {}
  for position = 1, digits do
    found[position] = string.format("%x", math.random(0, 15))
  end
  return table.concat(found)
end

function request()
  local parts = { hexadecimal(8), hexadecimal(4), "4" .. hexadecimal(3), "8" .. hexadecimal(3), hexadecimal(12) }
  local key = table.concat(parts, "-")
  local body = "name=Visitor&email=" .. hexadecimal(16) .. "%40visitor.example&key=" .. key
    .. "&message=Good+morning"  -- too short to count as the same text; digits can read like spam
  local headers = { ["Content-Type"] = "application/x-www-form-urlencoded" }
  return wrk.format("POST", "/consultation/", headers, body)
end
