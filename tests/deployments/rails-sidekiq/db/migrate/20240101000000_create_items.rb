class CreateItems < ActiveRecord::Migration[7.1]
end
