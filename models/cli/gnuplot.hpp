#pragma once

// Pictures by gnuplot, a program that may be absent.

#include <rappel/models.hpp>

#include <string>
#include <vector>

namespace rappel::cli {

// A picture to be drawn to a file: png, svg or pdf by the ending of its name.
class Picture {
 public:
  // `option` is named in messages. Throws std::invalid_argument for another ending, and where gnuplot is not
  // installed; FileError if the file cannot be written.
  Picture(const std::string& option, const std::string& path);

  // Runs gnuplot on commands that set up and plot. Throws std::runtime_error with what gnuplot says.
  void draw(const std::string& commands);

  const std::string& temporary() const { return file_.temporary(); }

 private:
  std::string terminal_;
  OutputFile file_;
};

// Text as gnuplot reads it: in single quotes, on one line.
std::string gnuplot_text(const std::string& text);

struct PlotPoint {
  double x, y;
};

// A data block for gnuplot: plot $name. At most 20,000 points, evenly taken: more than a picture shows.
std::string gnuplot_data(const std::string& name, const std::vector<PlotPoint>& points);

}  // namespace rappel::cli
