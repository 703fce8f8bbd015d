#pragma once

// What R 4.2.2 says, 15 digits. All rows of `coefficients` are in the order of the features, the intercept
// last.

#include <vector>

namespace rappel::test {

struct RCoefficient {
  double estimate, standard_error, ratio, p_value, lower, upper;
};

// d <- read.csv("sacramento.csv"); m <- lm(price ~ sqft + beds + baths, d); s <- summary(m)
// s$coefficients; confint(m); s$r.squared; s$adj.r.squared; s$sigma; sqrt(mean(s$residuals^2))
struct RLinear {
  std::vector<RCoefficient> coefficients = {{158.167476581834, 6.40293435485973, 24.702342366166491,
                                             6.10492323083040e-104, 145.601566852651, 170.733386311018},
                                            {-27035.284524936760, 4507.27166603978912, -5.998148442800807,
                                             2.85705664071989e-09, -35880.911504912641, -18189.657544960879},
                                            {5342.590743983331, 5958.42646745986713, 0.896644571039059,
                                             3.70141144595138e-01, -6350.961769365465, 17036.143257332125},
                                            {58481.747202469473, 10755.14323485882414, 5.437560981328681,
                                             6.90860989228692e-08, 37374.524869150184, 79588.969535788754}};
  double r_squared = 0.604339123396869;
  double adjusted_r_squared = 0.603060047287161;
  double sigma = 82614.0808052588;
  double rmse = 82436.6067424843;
};

struct RLogistic {
  std::vector<RCoefficient> coefficients;
  double log_likelihood, null_deviance, accuracy;
  struct Fitted {
    int row;  // from 0
    double probability;
  };
  std::vector<Fitted> fitted;
};

// p <- read.csv("penguins.csv"); m <- p[complete.cases(p[, 3:6]) & !is.na(p$sex), ]; m$y <- m$sex == "male"
// g <- glm(y ~ bill_length_mm + bill_depth_mm + flipper_length_mm + body_mass_g, binomial, m,
//          control = glm.control(epsilon = 1e-14, maxit = 100))
// coef(summary(g)); confint.default(g); logLik(g); g$null.deviance; mean((fitted(g) > 0.5) == m$y);
// fitted(g)[1 + c(0, 1, 2)]
inline RLogistic male_penguins() {
  return {{{0.10762954770071109, 0.047967293886682021, 2.243811125867872, 2.48445562559486e-02,
            0.01361537924696604, 0.20164371615445614},
           {2.03151559586816610, 0.249465001543986570, 8.143489400495973, 3.84046145630331e-16,
            1.54257317743872369, 2.52045801429760852},
           {-0.03247439535883439, 0.034755396192850833, -0.934369879676824, 3.50113129263590e-01,
            -0.10059372016524251, 0.03564492944757374},
           {0.00551202590239383, 0.000823488275263978, 6.693508660614372, 2.17882130086680e-11,
            0.00389801854118543, 0.00712603326360223},
           {-56.11740398815615549, 8.369320872088266583, -6.705132333414055, 2.01223926375507e-11,
            -72.52097147250850639, -39.71383650380380459}},
          -79.5017130263986,
          461.608994860289,
          0.90990990990991,
          {{0, 0.7052624167418726}, {1, 0.1662827596991945}, {2, 0.0258041909093198}}};
}

// q <- p[complete.cases(p[, 3:6]), ]; q$y <- q$species == "Adelie"; the same formula and control.
// fitted(g)[1 + c(74, 75, 128)]
// R warns that fitted probabilities are numerically 0 or 1, yet three rows are misclassified: the maximum
// exists.
inline RLogistic adelie_penguins() {
  return {{{-5.10687731548842, 2.73102029900922, -1.86995216305831, 0.0614904611106133, -10.4595787425943,
            0.245824111617448},
           {8.95380756160622, 5.01473399686277, 1.78550000203555, 0.0741802510094819, -0.874890464293397,
            18.7825055875058},
           {0.0524710231102413, 0.119287593052714, 0.43986991243133, 0.660031328510205, -0.181328363075548,
            0.286270409296031},
           {0.00628112273864356, 0.00395234657866547, 1.58921355038768, 0.11201218826154,
            -0.00146533420996086, 0.014027579687248},
           {27.1959322041904, 28.1572472973837, 0.965859052802983, 0.334114714272786, -27.9912584024695,
            82.3831228108502}},
          -4.72458328069354,
          469.423583918902,
          0.991228070175439,
          {{74, 0.999986238805203}, {75, 0.881919749512794}, {128, 0.33061263903387}}};
}

}  // namespace rappel::test
