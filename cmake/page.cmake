# cmake -DPAGE=page.html -DOUT=page_html.cc -P page.cmake: the page as a constant of the program.
file(READ "${PAGE}" text)
file(WRITE "${OUT}" "// Made from page.html.
#include \"observe/status_page.h\"

namespace ctk::observe {

const std::string_view kPageHtml = R\"ctk_page(${text})ctk_page\";

}  // namespace ctk::observe
")
